package coord

import (
	"fmt"
	"strings"
)

// System names a coordinate system. The values are those of the enum CoordinateSystem in the GraphQL schema.
type System string

// The systems that wangge takes and gives. Note the axis order of the sources: AMap's and Baidu's SDKs give
// longitude first, Tencent's latitude first.
const (
	SystemWGS84    System = "WGS84"
	SystemCGCS2000 System = "CGCS2000"
	SystemGCJ02    System = "GCJ02"
	SystemBD09     System = "BD09"
)

// Systems are all there are, in the order of the schema.
var Systems = []System{SystemWGS84, SystemCGCS2000, SystemGCJ02, SystemBD09}

// joints are what stands between the parts of a system's name, and what stands for it: nothing.
var joints = strings.NewReplacer("-", "", "_", "", " ", "")

// ParseSystem reads a system's name as people write it: in any case, with or without a hyphen, underscore or
// space ("gcj-02", "BD09", "wgs 84"). The error lists what is known.
func ParseSystem(s string) (System, error) {
	name := System(joints.Replace(strings.ToUpper(s)))
	if name.Known() {
		return name, nil
	}
	if len(s) > 40 {
		s = s[:40] + "…"
	}
	return "", fmt.Errorf("coordinate system %q is not known; use WGS84, CGCS2000, GCJ02 or BD09", s)
}

// Known reports whether s is one of the four systems, spelled as the constants are.
func (s System) Known() bool {
	switch s {
	case SystemWGS84, SystemCGCS2000, SystemGCJ02, SystemBD09:
		return true
	}
	return false
}

// Approximate reports whether coordinates that wangge gives in s are approximate: GCJ-02 and BD-09 follow
// formulas without a published definition.
func (s System) Approximate() bool { return s == SystemGCJ02 || s == SystemBD09 }

// ToCGCS2000 takes lng, lat in degrees of system s into the national system.
//
// It returns a *RangeError, which names the coordinate and says where the axes look swapped, for what is no place
// on Earth, NaN and infinities included; an *OutsideError for GCJ-02 and BD-09 outside China's rectangle, where
// those systems do not exist and a shift would put the place wrong by hundreds of metres; and an error for an
// unknown system. The rectangle also covers China's neighbours: the deployment's Window decides there.
func ToCGCS2000(s System, lng, lat float64) (CGCS2000, error) {
	if !s.Known() {
		_, err := ParseSystem(string(s))
		if err == nil {
			err = fmt.Errorf("coordinate system %q must be spelled as its constant", string(s))
		}
		return CGCS2000{}, err
	}
	if err := CheckWorld(lng, lat); err != nil {
		return CGCS2000{}, err
	}
	if s.Approximate() {
		if err := china.Check(CGCS2000{lng, lat}); err != nil {
			return CGCS2000{}, err
		}
	}
	switch s {
	case SystemGCJ02:
		return GCJ02{lng, lat}.CGCS2000(), nil
	case SystemBD09:
		return BD09{lng, lat}.CGCS2000(), nil
	default:
		return CGCS2000{lng, lat}, nil
	}
}

// FromCGCS2000 gives p in degrees of system s. Outside China's rectangle GCJ-02 and BD-09 are p itself: that is
// how the map SDKs show the rest of the world. An unknown system is taken for CGCS2000.
func FromCGCS2000(s System, p CGCS2000) (lng, lat float64) {
	if s.Approximate() && !china.Contains(p) {
		return p.Lng, p.Lat
	}
	switch s {
	case SystemGCJ02:
		q := p.GCJ02()
		return q.Lng, q.Lat
	case SystemBD09:
		q := p.BD09()
		return q.Lng, q.Lat
	default:
		return p.Lng, p.Lat
	}
}
