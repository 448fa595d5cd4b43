package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"wangge/domain/coverage"
	"wangge/domain/place"
	"wangge/geo/shape"
	"wangge/internal/fault"
)

type checkCmd struct {
	Division string   `placeholder:"CODE" help:"Only this division and what lies beneath it."`
	JSON     bool     `name:"json" help:"Print everything that was found as JSON."`
	FailOn   []string `placeholder:"KIND,…" help:"Kinds of problem that make the exit code 1; default: any."`
}

// Run exits with 1 where a problem of a kind in FailOn was found.
func (c *checkCmd) Run(r *run) error {
	kinds, err := failOn(c.FailOn)
	if err != nil {
		return err
	}
	if c.Division != "" && !place.ValidCode(c.Division) {
		return usage{fmt.Sprintf("--division %s: a code is 1 to 32 letters, digits and hyphens", c.Division)}
	}
	s, err := r.settings(commandLevel)
	if err != nil {
		return err
	}
	found, err := r.program.Check(r.ctx, s, CheckJob{Division: c.Division, Progress: checked(r.err, r.lang)})
	if err != nil {
		return err
	}
	for _, d := range found {
		for _, k := range kinds {
			if d.Report.Problems[k] > 0 {
				r.code = failed
			}
		}
	}
	if c.JSON {
		return writeChecked(r.out, found, r.lang)
	}
	for i, d := range found {
		if i > 0 {
			fmt.Fprintln(r.out)
		}
		tellChecked(r.out, d, r.lang)
	}
	if len(found) == 0 {
		fmt.Fprintln(r.out, say(r.lang, "check.nothing"))
	}
	return nil
}

// failOn reads kinds as people type them: gap, cut-building, CUT_BUILDING.
func failOn(names []string) ([]coverage.Kind, error) {
	if len(names) == 0 {
		return coverage.Kinds, nil
	}
	var out []coverage.Kind
	for _, n := range names {
		k := coverage.Kind(strings.ToUpper(strings.ReplaceAll(strings.TrimSpace(n), "-", "_")))
		if !slices.Contains(coverage.Kinds, k) {
			known := make([]string, len(coverage.Kinds))
			for i, k := range coverage.Kinds {
				known[i] = strings.ToLower(string(k))
			}
			return nil, usage{fmt.Sprintf("--fail-on %s: the kinds are %s", n, strings.Join(known, ", "))}
		}
		out = append(out, k)
	}
	return out, nil
}

// checked writes every few seconds how far a check is.
func checked(w io.Writer, lang fault.Language) func(done, total int) {
	last := time.Now()
	return func(done, total int) {
		if time.Since(last) < lineEvery {
			return
		}
		last = time.Now()
		fmt.Fprintln(w, say(lang, "check.progress", "done", done, "total", total))
	}
}

var _ = fault.Register(
	[3]string{"check.nothing", "There are no divisions yet: wangge import divisions FILE, or wangge demo.", "还没有行政区划：请先运行 wangge import divisions 文件，或 wangge demo。"},
	[3]string{"check.progress", "{done} of {total} divisions looked at", "已检查 {total} 个区划中的 {done} 个"},
	[3]string{"check.covered", "area {area}, covered {percent}", "面积 {area}，已覆盖 {percent}"},
	[3]string{"check.figures", "gap {gap}, overlap {overlap}, outside {outside}", "空白 {gap}，重叠 {overlap}，越界 {outside}"},
	[3]string{"check.unbounded", "no boundary is known, so gaps are unknown; overlap {overlap}", "没有边界数据，无法判断空白；重叠 {overlap}"},
	[3]string{"check.none", "nothing wrong was found", "未发现问题"},
	[3]string{"check.more", "… and {n} more, see --json", "……另有 {n} 个，见 --json"},
	[3]string{"check.grids", "grid {codes}", "网格 {codes}"},
	[3]string{"check.divisions", "in {codes}", "位于 {codes}"},
	[3]string{"check.buildings", "buildings: {n}", "楼栋 {n} 栋"},
	[3]string{"check.households", "households: {n}", "{n} 户"},
	[3]string{"check.at", "at {lng}, {lat}", "坐标 {lng}, {lat}"},
)

func say(lang fault.Language, key string, args ...any) string {
	return fault.New("", "", key, args...).Text(lang)
}

// shownProblems is how many problems of a kind are printed.
const shownProblems = 10

// tellChecked prints how a division is covered, for a person.
func tellChecked(w io.Writer, d coverage.Checked, lang fault.Language) {
	r := d.Report
	fmt.Fprintln(w, printable(d.Division.Code+" "+d.Division.Name))
	if r.Bounded {
		fmt.Fprintln(w, " ", say(lang, "check.covered", "area", coverage.Ground(r.AreaM2), "percent", r.Share()))
		fmt.Fprintln(w, " ", say(lang, "check.figures", "gap", coverage.Ground(r.GapM2), "overlap", coverage.Ground(r.OverlapM2), "outside", coverage.Ground(r.OutsideM2)))
	} else {
		fmt.Fprintln(w, " ", say(lang, "check.unbounded", "overlap", coverage.Ground(r.OverlapM2)))
	}
	if len(d.Problems) == 0 {
		fmt.Fprintln(w, " ", say(lang, "check.none"))
	}
	for _, k := range coverage.Kinds {
		n := r.Problems[k]
		if n == 0 {
			continue
		}
		fmt.Fprintf(w, "\n  %s (%s): %d\n", k.Text(lang), strings.ToLower(string(k)), n)
		printed := 0
		for _, p := range d.Problems {
			if p.Kind == k && printed < shownProblems {
				printed++
				fmt.Fprintln(w, "   -", printable(problemLine(p, d.Division.Code, lang)))
				if len(p.Fixes) > 0 {
					fmt.Fprintln(w, "     →", printable(p.FixText(0, lang)))
				}
			}
		}
		if n > printed {
			fmt.Fprintln(w, "    ", say(lang, "check.more", "n", n-printed))
		}
	}
}

// shownNames is how many grids of a problem are named.
const shownNames = 4

// problemLine says where beneath a division a problem is, and how large.
func problemLine(p coverage.Found, division string, lang fault.Language) string {
	var parts []string
	add := func(key string, args ...any) { parts = append(parts, say(lang, key, args...)) }
	if p.Building != nil {
		parts = append(parts, strings.TrimSpace(p.Building.Name+" ("+p.Building.Code+")"))
	}
	var grids, divisions []string
	for _, g := range p.Grids {
		grids = append(grids, g.Code+" "+g.Name)
	}
	for _, d := range p.Divisions {
		if d.Code != division {
			divisions = append(divisions, d.Code+" "+d.Name)
		}
	}
	if len(grids) > shownNames {
		grids = append(grids[:shownNames:shownNames], "…")
	}
	if len(grids) > 0 {
		add("check.grids", "codes", strings.Join(grids, ", "))
	}
	if len(divisions) > 0 {
		add("check.divisions", "codes", strings.Join(divisions, ", "))
	}
	if p.AreaM2 != nil {
		parts = append(parts, coverage.Ground(*p.AreaM2))
	}
	if p.Building == nil && p.Buildings != nil && *p.Buildings > 0 {
		add("check.buildings", "n", *p.Buildings)
	}
	if p.Households != nil && *p.Households > 0 {
		add("check.households", "n", *p.Households)
	}
	if lng, lat, ok := p.Spot(); ok {
		add("check.at", "lng", fmt.Sprintf("%.6f", lng), "lat", fmt.Sprintf("%.6f", lat))
	}
	return strings.Join(parts, " · ")
}

// The JSON of check --json. Areas are square metres on the CGCS2000 ellipsoid, positions CGCS2000 longitude and latitude in
// degrees, bbox west, south, east, north. What is unknown is null.
type (
	jsonDivision struct {
		Code        string                `json:"code"`
		Name        string                `json:"name"`
		Level       place.Level           `json:"level"`
		CheckedAt   time.Time             `json:"checkedAt"`
		DataVersion string                `json:"dataVersion"`
		Seamless    bool                  `json:"seamless"`
		AreaM2      *float64              `json:"areaM2"`
		CoveredM2   *float64              `json:"coveredM2"`
		GapM2       *float64              `json:"gapM2"`
		OverlapM2   float64               `json:"overlapM2"`
		OutsideM2   *float64              `json:"outsideM2"`
		Counts      map[coverage.Kind]int `json:"counts"`
		Problems    []jsonProblem         `json:"problems"`
	}
	jsonProblem struct {
		ID         string          `json:"id"`
		Kind       coverage.Kind   `json:"kind"`
		AreaM2     *float64        `json:"areaM2"`
		Spot       []float64       `json:"spot"`
		Bbox       []float64       `json:"bbox"`
		Divisions  []jsonName      `json:"divisions"`
		Grids      []jsonName      `json:"grids"`
		Building   *jsonName       `json:"building"`
		Buildings  *int            `json:"buildings"`
		Households *int            `json:"households"`
		Fixes      []jsonFix       `json:"fixes"`
		Geometry   json.RawMessage `json:"geometry"`
	}
	jsonName struct {
		ID   string `json:"id"`
		Code string `json:"code"`
		Name string `json:"name"`
	}
	jsonFix struct {
		Action coverage.Action `json:"action"`
		Grid   *string         `json:"grid"`
		Text   string          `json:"text"`
	}
)

func writeChecked(w io.Writer, found []coverage.Checked, lang fault.Language) error {
	out := struct {
		Divisions []jsonDivision `json:"divisions"`
	}{make([]jsonDivision, len(found))}
	for i, d := range found {
		r := d.Report
		j := jsonDivision{Code: d.Division.Code, Name: d.Division.Name, Level: d.Division.Level, CheckedAt: r.CheckedAt,
			DataVersion: r.Version(), Seamless: r.Seamless(), OverlapM2: r.OverlapM2, Counts: map[coverage.Kind]int{},
			Problems: make([]jsonProblem, len(d.Problems))}
		if r.Bounded {
			j.AreaM2, j.CoveredM2, j.GapM2, j.OutsideM2 = &r.AreaM2, &r.CoveredM2, &r.GapM2, &r.OutsideM2
		}
		for _, k := range coverage.Kinds {
			j.Counts[k] = r.Problems[k]
		}
		for n, p := range d.Problems {
			var err error
			if j.Problems[n], err = problemJSON(p, lang); err != nil {
				return fmt.Errorf("write problem %s: %w", p.ID, err)
			}
		}
		out.Divisions[i] = j
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(out)
}

func problemJSON(p coverage.Found, lang fault.Language) (jsonProblem, error) {
	j := jsonProblem{ID: p.ID.String(), Kind: p.Kind, AreaM2: p.AreaM2, Buildings: p.Buildings, Households: p.Households,
		Divisions: []jsonName{}, Grids: []jsonName{}, Fixes: []jsonFix{}}
	for _, d := range p.Divisions {
		j.Divisions = append(j.Divisions, jsonName{d.ID.String(), d.Code, d.Name})
	}
	for _, g := range p.Grids {
		j.Grids = append(j.Grids, jsonName{g.Key.String(), g.Code, g.Name})
	}
	if b := p.Building; b != nil {
		j.Building = &jsonName{b.Key.String(), b.Code, b.Name}
	}
	for i, f := range p.Fixes {
		fix := jsonFix{Action: f.Action, Text: p.FixText(i, lang)}
		if f.Grid != nil {
			id := f.Grid.String()
			fix.Grid = &id
		}
		j.Fixes = append(j.Fixes, fix)
	}
	if lng, lat, ok := p.Spot(); ok {
		j.Spot = []float64{lng, lat}
	}
	if b := p.Box; b != nil {
		j.Bbox = []float64{b.West, b.South, b.East, b.North}
	}
	if p.Geometry == nil {
		return j, nil
	}
	o, err := shape.ToOrb(p.Geometry)
	if err != nil {
		return j, err
	}
	j.Geometry, err = shape.MarshalGeoJSON(o)
	return j, err
}
