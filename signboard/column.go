package signboard

import (
	"slices"

	"wangge/signboard/paper"
)

// part is a part of a column: how high it is, at least and at most, and how it is drawn.
type part struct {
	h, least, most float64
	draw           func(paper.Box)
}

// column draws parts below each other, those without height left out. Where there is too much room those that can become higher do, then they move apart;
// where there is too little, those that can become lower do.
func (b *drawing) column(x paper.Box, parts ...part) {
	parts = slices.DeleteFunc(parts, func(p part) bool { return p.h <= 0 })
	free, grow, shrink := x.H-gap*float64(len(parts)-1), 0.0, 0.0
	for _, p := range parts {
		free -= p.h
		grow += max(0, p.most-p.h)
		shrink += max(0, p.h-p.least)
	}
	between := gap
	if rest := free - grow; rest > 0 && len(parts) > 1 {
		between += min(rest/float64(len(parts)-1), 2*gap)
	}
	y := x.Y
	for _, p := range parts {
		h := p.h
		switch {
		case free > 0 && grow > 0:
			h += max(0, p.most-p.h) * min(1, free/grow)
		case free < 0 && shrink > 0:
			h -= max(0, p.h-p.least) * min(1, -free/shrink)
		}
		p.draw(paper.Box{X: x.X, Y: y, W: x.W, H: h})
		y += h + between
	}
}

func (b *drawing) fixed(h float64, draw func(paper.Box)) part { return part{h, h, h, draw} }
