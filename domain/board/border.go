package board

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
	"github.com/paulmach/orb/simplify"
	"github.com/twpayne/go-geom"

	"wangge/geo/shape"
)

// sameLine is how far a vertex may lie beside a straight border without bending it, degrees: some centimetre. Importing the grid next door
// inserts its vertices, which lie on the border up to rounding, and changes no board.
const sameLine = 1e-7

// Fingerprint is short for an area or a point, longitude and latitude in degrees: 64 hexadecimal digits that are the same wherever its
// rings begin, whichever way they run, in whatever order its parts come, and with more vertices or fewer on its straight lines. An error:
// it is of another type.
func Fingerprint(t geom.T) (string, error) {
	g, err := shape.ToOrb(t)
	if err != nil {
		return "", err
	}
	var said []byte
	if at, ok := g.(orb.Point); ok {
		said = appendCorners(nil, []corner{cornerAt(at)})
	} else {
		area, err := shape.MultiPolygon(shape.Wind(g))
		if err != nil {
			return "", err
		}
		parts := make([]string, len(area))
		for i, p := range area {
			rings := make([]string, len(p))
			for j, r := range p {
				rings[j] = string(appendCorners(nil, corners(r)))
			}
			slices.Sort(rings[min(1, len(rings)):]) // the holes
			for _, r := range rings {
				parts[i] += r
			}
		}
		slices.Sort(parts)
		for _, p := range parts {
			said = binary.BigEndian.AppendUint64(said, uint64(len(p)))
			said = append(said, p...)
		}
	}
	sum := sha256.Sum256(said)
	return hex.EncodeToString(sum[:]), nil
}

type corner [2]int64 // in units of the store's last place

func cornerAt(p orb.Point) corner { return corner{shape.Quantise(p[0]), shape.Quantise(p[1])} }

func appendCorners(to []byte, list []corner) []byte {
	to = binary.BigEndian.AppendUint64(to, uint64(len(list)))
	for _, c := range list {
		to = binary.BigEndian.AppendUint64(to, uint64(c[0]))
		to = binary.BigEndian.AppendUint64(to, uint64(c[1]))
	}
	return to
}

// corners are the vertices at which a ring bends, from the most western one on.
func corners(r orb.Ring) []corner {
	open := r[:max(len(r)-1, 0)] // the last is the first
	if len(open) < 3 {
		return nil
	}
	// The vertex farthest from a point is none on a straight line: from such two on it is told which others are.
	turn := farthest(open, open.Bound().Center())
	line := slices.Concat(open[turn:], open[:turn+1])
	across := 1 + farthest(line[1:], line[0])
	var out []corner
	for _, half := range []orb.LineString{orb.LineString(line[:across+1]), orb.LineString(line[across:])} {
		kept := simplify.DouglasPeucker(sameLine).LineString(slices.Clone(half))
		for _, p := range kept[:len(kept)-1] {
			out = append(out, cornerAt(p))
		}
	}
	first := 0
	for i, c := range out {
		if slices.Compare(c[:], out[first][:]) < 0 {
			first = i
		}
	}
	return slices.Concat(out[first:], out[:first])
}

// farthest is the place of the point of list that is farthest from one.
func farthest(list []orb.Point, from orb.Point) (at int) {
	for i, p := range list {
		if planar.DistanceSquared(p, from) > planar.DistanceSquared(list[at], from) {
			at = i
		}
	}
	return at
}
