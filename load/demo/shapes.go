package demo

import "math"

// Ground plans, centred on the origin, front to the south, metres.

func box(w, d float64) ring {
	return ring{{-w / 2, -d / 2}, {w / 2, -d / 2}, {w / 2, d / 2}, {-w / 2, d / 2}}
}

// slab is a row house of stairwells: each bulges a little to the north, and
// the flats step back where two stairwells meet.
func slab(stairwells int, width, depth float64) ring {
	l := float64(stairwells) * width
	r := ring{{-l / 2, -depth / 2}}
	for i := 1; i < stairwells; i++ {
		u := -l/2 + float64(i)*width
		r = append(r, pt{u - 1.4, -depth / 2}, pt{u - 1.4, -depth/2 + 1}, pt{u + 1.4, -depth/2 + 1}, pt{u + 1.4, -depth / 2})
	}
	r = append(r, pt{l / 2, -depth / 2}, pt{l / 2, depth / 2})
	for i := stairwells - 1; i >= 0; i-- {
		u := -l/2 + (float64(i)+0.5)*width
		r = append(r, pt{u + 1.5, depth / 2}, pt{u + 1.5, depth/2 + 1.1}, pt{u - 1.5, depth/2 + 1.1}, pt{u - 1.5, depth / 2})
	}
	return append(r, pt{-l / 2, depth / 2})
}

// butterfly is a tower of two wings that open to the south.
func butterfly(w, d float64) ring {
	x, y := w/2, d/2
	return ring{
		{-x, -y * 0.75}, {-x * 0.42, -y}, {-x * 0.3, -y * 0.5}, {x * 0.3, -y * 0.5}, {x * 0.42, -y}, {x, -y * 0.75},
		{x * 0.9, y * 0.35}, {x * 0.5, y * 0.42}, {x * 0.45, y}, {-x * 0.45, y}, {-x * 0.5, y * 0.42}, {-x * 0.9, y * 0.35},
	}
}

// point is a tower with a core and four corners.
func point(w, d float64) ring {
	x, y := w/2, d/2
	return ring{
		{-x, -y * 0.85}, {-x * 0.35, -y * 0.85}, {-x * 0.35, -y * 0.55}, {x * 0.35, -y * 0.55}, {x * 0.35, -y * 0.85}, {x, -y * 0.85},
		{x, -y * 0.1}, {x * 0.85, -y * 0.1}, {x * 0.85, y * 0.2}, {x, y * 0.2}, {x, y}, {x * 0.3, y}, {x * 0.3, y * 0.7},
		{-x * 0.3, y * 0.7}, {-x * 0.3, y}, {-x, y}, {-x, y * 0.2}, {-x * 0.85, y * 0.2}, {-x * 0.85, -y * 0.1}, {-x, -y * 0.1},
	}
}

// terrace is a row of lane houses, each with a light well at its front door.
func terrace(bays int, width, depth float64) ring {
	l := float64(bays) * width
	r := ring{{-l / 2, -depth / 2}}
	for i := range bays {
		u := -l/2 + (float64(i)+0.5)*width
		if i%2 == 0 {
			r = append(r, pt{u - 0.2, -depth / 2}, pt{u - 0.2, -depth/2 + 2.4}, pt{u + 1.7, -depth/2 + 2.4}, pt{u + 1.7, -depth / 2})
		} else {
			r = append(r, pt{u - 1.7, -depth / 2}, pt{u - 1.7, -depth/2 + 2.4}, pt{u + 0.2, -depth/2 + 2.4}, pt{u + 0.2, -depth / 2})
		}
	}
	return append(r, pt{l / 2, -depth / 2}, pt{l / 2, depth / 2}, pt{-l / 2, depth / 2})
}

// ell is a house with a wing to the south; side -1 puts it left, 1 right.
func ell(w, d, wing, side float64) ring {
	x, y := w/2, d/2
	r := ring{{-x, -y}, {-x + wing, -y}, {-x + wing, y - wing}, {x, y - wing}, {x, y}, {-x, y}}
	if side > 0 {
		r = r.mirrored()
	}
	return r
}

// horseshoe is open to the south.
func horseshoe(w, d, wing float64) ring {
	x, y := w/2, d/2
	return ring{{-x, -y}, {-x + wing, -y}, {-x + wing, y - wing}, {x - wing, y - wing}, {x - wing, -y}, {x, -y}, {x, y}, {-x, y}}
}

// comb is three wings on one corridor, as schools are built.
func comb(w, d, wing float64) ring {
	x, y := w/2, d/2
	return ring{
		{-x, -y}, {-x + wing, -y}, {-x + wing, y - wing}, {-wing / 2, y - wing}, {-wing / 2, -y}, {wing / 2, -y},
		{wing / 2, y - wing}, {x - wing, y - wing}, {x - wing, -y}, {x, -y}, {x, y}, {-x, y},
	}
}

func (r ring) mirrored() ring {
	out := make(ring, len(r))
	for i, p := range r {
		out[len(r)-1-i] = pt{-p.u, p.v}
	}
	return out
}

// clockwise turns an anticlockwise ring into the way a hole runs.
func (r ring) clockwise() ring { return ring(path(r).reversed()) }

func disc(radius float64, sides int) ring {
	r := make(ring, sides)
	for i := range r {
		r[i] = pt{radius, 0}.turn(2 * math.Pi * float64(i) / float64(sides))
	}
	return r
}

// track is a running track: w long, d across, round at both ends.
func track(w, d float64) ring {
	const n = 10
	x, rad := w/2-d/2, d/2
	var r ring
	for i := range n + 1 {
		r = append(r, pt{x, 0}.add(pt{0, -rad}.turn(math.Pi*float64(i)/n)))
	}
	for i := range n + 1 {
		r = append(r, pt{-x, 0}.add(pt{0, rad}.turn(math.Pi*float64(i)/n)))
	}
	return r
}
