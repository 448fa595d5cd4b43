package load

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/twpayne/go-geom"

	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/domain/resident"
	"wangge/domain/staff"
	"wangge/geo/coord"
	"wangge/geo/shape"
	"wangge/internal/fault"
)

// Extras of ours beside the kinds of the contract: water and green for the look of the map, and legal entities.
const (
	Land     Kind = "land"
	Entities Kind = "entities"
)

// Residents is a list of people: see residents.go.
const Residents Kind = "residents"

// Services are what a file is handed to.
type Services struct {
	Places *place.Service
	Grids  *grid.Service
	Staff  *staff.Service

	Residents *resident.Service // nil where nobody's file is to be touched
}

// Job is one file on its way in.
type Job struct {
	Kind     Kind
	Path     string
	Options  Options           // how the file is read
	Fields   map[string]string // our name of a field → the file's; a field not named here has our name
	Level    place.Level       // of divisions that do not say theirs; with grids: see grid.ImportOptions
	Division string            // code of the division that holds rows which name none
	Repair   bool
	DryRun   bool

	// Of households only.
	SkipRefused bool           // take in the rows that are not refused
	Replace     bool           // the file is the full list of each building in it
	Refused     string         // the file for refused rows with their reasons, .xlsx or .csv; "" is none
	Language    fault.Language // of the reasons in it

	Why resident.Why // of residents only: what they are taken in for

	// Progress, if not nil, is called now and then with what Reader.Progress says and the rows read so far.
	Progress func(done, total int64, rows int)
}

// Import reads a file and hands its rows to the services. Rows that are refused are in the report; an error means that
// the file as a whole cannot be read, or that the store failed. Nothing stays where a row is refused.
func Import(ctx context.Context, actor account.Actor, to Services, job Job) (place.Report, error) {
	if err := job.check(); err != nil {
		return place.Report{}, err
	}
	if job.Kind == Households {
		return importHouseholds(ctx, actor, to, job)
	}
	if job.Kind == Residents {
		return importResidents(ctx, actor, to, job)
	}
	file, err := Open(ctx, job.Path, job.Kind, job.Options)
	if err != nil {
		return place.Report{}, err
	}
	defer file.Close()
	in := &intake{job: job, file: file, columns: map[string]bool{}}
	options := place.ImportOptions{Repair: job.Repair, DryRun: job.DryRun, IDs: key.Random{}}
	var report place.Report
	switch job.Kind {
	case Divisions:
		report, err = to.Places.ImportDivisions(ctx, actor, rowsOf(in, in.division), options)
	case Grids:
		report, err = to.Grids.Import(ctx, actor, rowsOf(in, in.grid), grid.ImportOptions{ImportOptions: options,
			Division: job.Division, Level: job.Level, Day: to.Staff.Day(nil)})
	case Buildings:
		report, err = to.Places.ImportBuildings(ctx, actor, rowsOf(in, in.building), options)
	case Roads:
		report, err = to.Places.ImportRoads(ctx, actor, rowsOf(in, in.road), options)
	case Land:
		report, err = to.Places.ImportLand(ctx, actor, rowsOf(in, in.road), options)
	case Entities:
		if options.District, err = districtOf(ctx, actor, to, job.Division); err == nil {
			report, err = to.Places.ImportEntities(ctx, actor, rowsOf(in, in.entity), options)
			in.notes = append(in.notes, in.ignoredColumns()...)
		}
	}
	report.Notes = append(report.Notes, in.notes...)
	return report, err
}

// fieldsOf are the fields that a kind reads, by our names.
var fieldsOf = map[Kind]string{
	Divisions: "code name level parent limit_east limit_south limit_west limit_north supervision_phone station_name station_address station_hours station_hours_en station_phone",
	Grids:     "code name kind group community basis worker work_phone limit_east limit_south limit_west limit_north",
	Buildings: "code name alias address floors estate managed_by",
	Roads:     "code name alias class",
	Land:      "code name class",
	Entities:  "code name alias credit_code category address employees party_organisation party_members lng lat",

	Residents:  "building unit room number name identity_number phone birth_date registered_here lives_here tenure from",
	Households: "building estate building_name address unit room number residents use rental_management",
}

func (j Job) check() error {
	known, ok := fieldsOf[j.Kind]
	if !ok {
		return fmt.Errorf("%s cannot be imported; divisions, grids, buildings, roads, land, entities, households and residents can", j.Kind)
	}
	for ours := range j.Fields {
		if !strings.Contains(" "+known+" ", " "+ours+" ") {
			return fmt.Errorf("--field %s=…: %s have no field %q; they have %s", ours, j.Kind, ours, known)
		}
	}
	if j.Level != "" && j.Level.Rank() < 0 {
		return fmt.Errorf("--level %s is none of PROVINCE, CITY, DISTRICT, TOWN, COMMUNITY", j.Level)
	}
	return nil
}

// intake turns a file's features into rows of the domain.
type intake struct {
	job   Job
	file  *Reader
	rows  int
	notes []place.Note // what was changed before the rows were handed on
	// columns are the file's own, as far as it was read; what --field names must be among them.
	columns map[string]bool
	drawn   bool // some row brought a geometry: the file is a map, and its many tags are not columns of ours
}

// rowsOf yields the file's rows through make. What cannot be read or made is a *place.RowError, and reading goes on.
func rowsOf[T any](in *intake, make func(Feature, place.Row) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			f, err := in.file.Next()
			if errors.Is(err, io.EOF) {
				in.tell()
				if err := in.missingColumn(); err != nil {
					var none T
					yield(none, err)
				}
				return
			}
			var bad *RowError
			var row T
			switch {
			case errors.As(err, &bad):
				bad.Source = in.source(bad.Source)
				err = refusal(bad)
			case err == nil:
				f.Source = in.source(f.Source)
				for name := range f.Properties {
					in.columns[name] = true
				}
				var base place.Row
				if base, err = in.base(f); err == nil {
					row, err = make(f, base)
				}
			default:
				yield(row, err)
				return
			}
			if errors.Is(err, errLeftOut) {
				continue
			}
			in.rows++
			if in.rows%500 == 0 {
				in.tell()
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

// errLeftOut is for a row that is none of what is imported; a note says so.
var errLeftOut = errors.New("left out")

// missingColumn is the error for a column that --field names and no row of the file has; nil where there is none such.
func (in *intake) missingColumn() error {
	for ours, theirs := range in.job.Fields {
		if !in.columns[theirs] && in.rows > 0 {
			names := slices.Sorted(maps.Keys(in.columns))
			return fmt.Errorf("--field %s=%s: %s has no column %s; it has %s", ours, theirs, filepath.Base(in.job.Path), theirs, strings.Join(names[:min(len(names), 40)], ", "))
		}
	}
	return nil
}

func (in *intake) tell() {
	if in.job.Progress != nil {
		done, total := in.file.Progress()
		in.job.Progress(done, total, in.rows)
	}
}

// refusal is a reader's error as the domain reports it.
func refusal(bad *RowError) error {
	n := place.Note{Source: bad.Source, Code: bad.ID, Kind: place.Refused, Field: bad.Field, Reason: bad.Reason}
	if bad.Line > 0 {
		n.Reason += fmt.Sprintf(" (line %d, column %d)", bad.Line, bad.Column)
	}
	if bad.At != nil {
		n.Lng, n.Lat = &bad.At[0], &bad.At[1]
	}
	return &place.RowError{Note: n}
}

// source is a row's name in a report, in its language where the sentences of its kind are.
func (in *intake) source(name string) string {
	if in.job.Kind != Entities {
		return name
	}
	return sourceIn(in.job.Language, name)
}

// text is the value of one of our fields in f, "" where there is none.
func (in *intake) text(f Feature, ours string) string {
	if name, named := in.job.Fields[ours]; named {
		s, _ := f.Text(name)
		return s
	}
	s, ok := f.Text(ours)
	if in.job.Kind != Entities {
		return s
	}
	for _, other := range entityColumns[ours] {
		if !ok {
			s, ok = f.Text(other)
		}
	}
	return s
}

// base is what every row has: its code, its name, and its geometry converted to CGCS2000 and snapped.
func (in *intake) base(f Feature) (place.Row, error) {
	in.drawn = in.drawn || f.Geometry != nil
	if in.job.Kind == Entities && f.Geometry == nil {
		var err error
		if f.Geometry, err = in.point(f); err != nil {
			return place.Row{Source: f.Source, Code: in.code(f), Name: in.text(f, "name")}, err
		}
	}
	row := place.Row{Source: f.Source, Code: in.code(f), Name: in.text(f, "name")}
	if slices.Contains(strings.Fields(fieldsOf[in.job.Kind]), "alias") {
		row.Aliases = in.aliases(f, row.Code, row.Name)
	}
	if f.Geometry == nil {
		return row, nil
	}
	fail := func(err error) (place.Row, error) {
		n := place.Note{Source: f.Source, Code: row.Code, Kind: place.Refused, Field: "geometry", Reason: err.Error()}
		var at *shape.ParseError
		if errors.As(err, &at) && at.At != nil {
			n.Lng, n.Lat = &at.At[0], &at.At[1]
		}
		return row, &place.RowError{Note: n}
	}
	g, err := shape.Convert(f.Geometry, in.file.System())
	if err != nil {
		return fail(err)
	}
	g, dropped := shape.SnapReport(g)
	for _, d := range dropped {
		lng, lat := d.At[0], d.At[1]
		in.notes = append(in.notes, place.Note{Source: f.Source, Code: row.Code, Kind: place.Snapped, Field: "geometry", Reason: d.String(), Lng: &lng, Lat: &lat})
	}
	if row.Geometry, err = shape.FromOrb(g, shape.SRID); err != nil {
		return fail(err)
	}
	return row, nil
}

// code is the row's code: the field, or the source's own id; for what has neither and is no division and no grid, one made of
// its content, so that the same row is found again.
func (in *intake) code(f Feature) string {
	code := in.text(f, "code")
	if _, named := in.job.Fields["code"]; code != "" || named {
		if in.job.Kind == Divisions {
			return place.TrimCode(code)
		}
		return code
	}
	if f.ID != "" && !rowNumber(f.ID) {
		return strings.ReplaceAll(f.ID, "/", "-")
	}
	if in.job.Kind == Divisions || in.job.Kind == Grids || f.Geometry == nil {
		return ""
	}
	raw, err := shape.MarshalGeoJSON(f.Geometry)
	if err != nil {
		return "" // base refuses the geometry
	}
	name, ok := f.Text("name")
	if !ok && in.job.Kind == Entities {
		name = in.text(f, "name")
	}
	sum := sha256.Sum256(append(raw, name...))
	return "x" + hex.EncodeToString(sum[:10])
}

// rowNumber reports whether id only counts the rows of its file, as many programs number features: the next file has the
// same ones for other things.
func rowNumber(id string) bool { return len(id) < 6 && strings.Trim(id, "0123456789") == "" }

// otherName are the properties, besides alias, that say what else a place is called: in another language, formerly, for short.
var otherName = regexp.MustCompile(`^((alt|old|int|official|short|loc|reg|nat)_name([:_].+)?|name[:_][a-z]{2,3}([-_][A-Za-z]{2,4})?)$`)

// foreignName are those in a language that is neither Chinese nor English.
var foreignName = regexp.MustCompile(`^name[:_]([a-df-y][a-z]|e[a-mo-z]|z[a-gi-z]|[a-z]{3})([-_][A-Za-z]{2,4})?$`)

// aliases are the other names of a row, each once; nil where it has none. Several in one property stand with semicolons between
// them, as OpenStreetMap writes them. Of very many those in foreign languages are left out.
func (in *intake) aliases(f Feature, code, name string) (out []string) {
	leave := func(reason string) {
		in.notes = append(in.notes, place.Note{Source: f.Source, Code: code, Kind: place.Warned, Field: "alias", Reason: reason})
	}
	many := 0
	take := func(text string) {
		for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ';' || r == '；' }) {
			part = strings.TrimSpace(part)
			if part == "" || part == name || slices.Contains(out, part) {
				continue
			}
			switch {
			case place.CheckText(place.Row{}, "alias", part, 200) != nil:
				leave("another name is longer than 200 characters or holds a control character; it was left out")
			case len(out) == place.MaxAliases:
				many++
			default:
				out = append(out, part)
			}
		}
	}
	take(in.text(f, "alias"))
	var ours, foreign []string
	for _, property := range slices.Sorted(maps.Keys(f.Properties)) {
		switch {
		case foreignName.MatchString(property):
			foreign = append(foreign, property)
		case otherName.MatchString(property):
			ours = append(ours, property)
		}
	}
	for _, property := range append(ours, foreign...) {
		text, _ := f.Text(property)
		take(text)
	}
	if many > 0 {
		leave(fmt.Sprintf("it has more than %d other names; %d were left out", place.MaxAliases, many))
	}
	return out
}

func (in *intake) limits(f Feature) place.Limits {
	return place.Limits{East: in.text(f, "limit_east"), South: in.text(f, "limit_south"), West: in.text(f, "limit_west"), North: in.text(f, "limit_north")}
}

// levels by the names that files give them besides ours.
var levels = map[string]place.Level{
	"省": place.Province, "自治区": place.Province, "直辖市": place.Province, "市": place.City, "地级市": place.City, "区": place.District,
	"县": place.District, "区县": place.District, "街道": place.Town, "镇": place.Town, "乡": place.Town, "乡镇": place.Town, "社区": place.Community, "村": place.Community,
}

func (in *intake) division(f Feature, base place.Row) (place.DivisionRow, error) {
	level := place.Level(strings.ToUpper(in.text(f, "level")))
	if named, ok := levels[string(level)]; ok {
		level = named
	}
	if level == "" {
		level = in.job.Level
	}
	parent := place.TrimCode(in.text(f, "parent"))
	if parent == "" {
		parent = in.job.Division
	}
	return place.DivisionRow{Row: base, Level: level, Parent: parent, Limits: in.limits(f), Contacts: in.contacts(f)}, nil
}

func (in *intake) contacts(f Feature) place.Contacts {
	c := place.Contacts{SupervisionPhone: in.text(f, "supervision_phone")}
	station := place.Station{Name: in.text(f, "station_name"), Address: in.text(f, "station_address"), Hours: in.text(f, "station_hours"),
		HoursEnglish: in.text(f, "station_hours_en"), Phone: in.text(f, "station_phone")}
	if station != (place.Station{}) {
		c.Station = &station
	}
	return c
}

// kinds by the names that files give them besides ours.
var kinds = map[string]grid.Kind{"综合": grid.Comprehensive, "综合网格": grid.Comprehensive, "专属": grid.Dedicated, "专属网格": grid.Dedicated}

func (in *intake) grid(f Feature, base place.Row) (grid.Row, error) {
	kind := grid.Kind(strings.ToUpper(in.text(f, "kind")))
	if named, ok := kinds[string(kind)]; ok {
		kind = named
	}
	return grid.Row{Row: base, Kind: kind, Basis: strings.ToUpper(in.text(f, "basis")), Community: in.text(f, "community"),
		Group: in.text(f, "group"), Limits: in.limits(f), Worker: in.text(f, "worker"), WorkPhone: in.text(f, "work_phone")}, nil
}

func (in *intake) building(f Feature, base place.Row) (place.BuildingRow, error) {
	row := place.BuildingRow{Row: base, Address: in.text(f, "address"), Estate: in.text(f, "estate"),
		EstateManagedBy: place.Manager(strings.ToUpper(in.text(f, "managed_by")))}
	if row.Address == "" {
		row.Address = streetAddress(f)
	}
	if text := in.text(f, "floors"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			return row, &place.RowError{Note: place.Note{Source: base.Source, Code: base.Code, Kind: place.Refused, Field: "floors",
				Reason: fmt.Sprintf("floors %q is not a whole number", text)}}
		}
		row.Floors = &n
	}
	return row, nil
}

// streetAddress puts an address together where the file has a street and a house number apart.
func streetAddress(f Feature) string {
	street, _ := f.Text("addr_street")
	number, _ := f.Text("addr_housenumber")
	switch {
	case street == "" || number == "":
		return street
	case street[0] < 0x80: // a street in Latin letters
		return number + " " + street
	case strings.Trim(number, "0123456789") == "":
		return street + number + "号"
	}
	return street + number
}

func (in *intake) road(f Feature, base place.Row) (place.RoadRow, error) {
	class := in.text(f, "class")
	for _, other := range []string{"highway", "kind"} {
		if class == "" {
			class, _ = f.Text(other)
		}
	}
	return place.RoadRow{Row: base, Class: roadClass(class)}, nil
}

// districtOf is the home key of the district that a division is or lies in; "" where none is named.
func districtOf(ctx context.Context, actor account.Actor, to Services, division string) (string, error) {
	if division == "" {
		return "", nil
	}
	d, err := to.Places.ByCode(ctx, actor, division, place.Fields{})
	if err == nil && d.Level.Rank() < place.District.Rank() {
		err = fault.New(fault.Invalid, "division", "household.division", "code", division)
	}
	return d.Home, err
}

// roadClass is s as a class: lower-case letters, digits and underscores; empty where nothing is left.
func roadClass(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '_':
			return r
		case r == ' ', r == '-', r == ':':
			return '_'
		}
		return -1
	}, strings.ToLower(s))
	return s[:min(len(s), 40)]
}

// ExportJob is one file on its way out.
type ExportJob struct {
	Kind   Kind
	Path   string
	System coord.System // of the coordinates written; empty means CGCS2000
}

// ExportFile writes all divisions, grids or buildings to a file, under the names that Import reads, and returns how many.
func ExportFile(ctx context.Context, actor account.Actor, from Services, job ExportJob) (int, error) {
	out, err := Create(ctx, job.Path, ExportOptions{System: job.System, Layer: string(job.Kind)})
	if err != nil {
		return 0, err
	}
	defer out.Close()
	n := 0
	write := func(r place.Row, more ...Property) error {
		n++
		properties := append([]Property{{"code", r.Code}, {"name", r.Name}}, more...)
		if r.Geometry == nil {
			return out.WriteFeature(r.Code, properties, nil)
		}
		g, err := present(r.Geometry, job.System)
		if err != nil {
			return fmt.Errorf("%s: %w", r.Code, err)
		}
		return out.WriteFeature(r.Code, properties, g)
	}
	limits := func(l place.Limits) []Property {
		return []Property{{"limit_east", orNull(l.East)}, {"limit_south", orNull(l.South)}, {"limit_west", orNull(l.West)}, {"limit_north", orNull(l.North)}}
	}
	switch job.Kind {
	case Divisions:
		err = from.Places.ExportDivisions(ctx, actor, func(r place.DivisionRow) error {
			c, station := r.Contacts, place.Station{}
			if c.Station != nil {
				station = *c.Station
			}
			return write(r.Row, slices.Concat([]Property{{"level", r.Level}, {"parent", orNull(r.Parent)}}, limits(r.Limits), []Property{
				{"supervision_phone", orNull(c.SupervisionPhone)}, {"station_name", orNull(station.Name)}, {"station_address", orNull(station.Address)},
				{"station_hours", orNull(station.Hours)}, {"station_hours_en", orNull(station.HoursEnglish)}, {"station_phone", orNull(station.Phone)}})...)
		})
	case Grids:
		err = from.Grids.Export(ctx, actor, from.Staff.Day(nil), func(r grid.Row) error {
			return write(r.Row, append([]Property{{"kind", r.Kind}, {"basis", orNull(r.Basis)}, {"community", r.Community},
				{"group", orNull(r.Group)}, {"worker", orNull(r.Worker)}, {"work_phone", orNull(r.WorkPhone)}}, limits(r.Limits)...)...)
		})
	case Buildings:
		err = from.Places.ExportBuildings(ctx, actor, func(r place.BuildingRow) error {
			return write(r.Row, Property{"alias", orNull(strings.Join(r.Aliases, ";"))}, Property{"address", orNull(r.Address)}, Property{"floors", r.Floors}, Property{"estate", orNull(r.Estate)},
				Property{"managed_by", orNull(string(r.EstateManagedBy))}, Property{"grid", orNull(r.Grid)})
		})
	default:
		err = fmt.Errorf("%s cannot be exported; divisions, grids and buildings can", job.Kind)
	}
	if err == nil && n == 0 {
		err = fmt.Errorf("there are no %s to export", job.Kind)
	}
	if err != nil {
		return n, err
	}
	return n, out.Commit()
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// present is g in the system of the file.
func present(g geom.T, system coord.System) (orb.Geometry, error) {
	o, err := shape.ToOrb(g)
	if err != nil || system == "" {
		return o, err
	}
	return shape.Present(o, system)
}
