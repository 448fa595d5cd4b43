package board

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/twpayne/go-geom"

	"wangge/domain/civil"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/domain/staff"
)

// some are facts with something in every field of a grid's board.
func some() Facts {
	var f Facts
	f.Names.Code, f.Names.Name, f.Names.Group, f.Names.Kind = "990102001001001", "采薇新村西网格", "采薇新村网格组", "COMPREHENSIVE"
	f.Names.Divisions = []string{"澜州市", "听雨社区"}
	f.setPeople(at([]staff.Assignment{
		{Post: staff.GridWorker, Cover: staff.CoverB, Worker: staff.Worker{Key: key.Key{Home: "home1", ID: uuid.UUID{2}}, Name: "李二"}},
		{Post: staff.Informant, Cover: staff.CoverA, Worker: staff.Worker{Name: "信息员"}},
		{Post: staff.GridWorker, Cover: staff.CoverA, Away: true, Worker: staff.Worker{Key: key.Key{Home: "home1", ID: uuid.UUID{1}}, Name: "王一", WorkPhone: "15400000001", Duties: []string{"巡查"}, HasPhoto: true}},
	}, []staff.Assignment{{Post: staff.GridLeader, Cover: staff.CoverA, Worker: staff.Worker{Key: key.Key{Home: "home1", ID: uuid.UUID{3}}, Name: "赵长"}}},
		[]staff.Assignment{{Post: staff.ChiefLeader, Cover: staff.CoverA, Worker: staff.Worker{Key: key.Key{Home: "home1", ID: uuid.UUID{4}}, Name: "钱总", WorkPhone: "15400000004"}}}))
	f.Border.Grid, f.Border.East = "ab", "望舒路"
	f.setContacts(place.Contacts{SupervisionPhone: "15400000900", Station: &place.Station{Name: "站"}, Night: []place.NightNumber{{Phone: "110", Name: "报警", NameEnglish: "Police"}}})
	return f
}

// Assistants stand on a board: who comes, goes or has another number makes it another. A photo of theirs it does not show.
func TestAssistantsArePartOfABoard(t *testing.T) {
	of := func(post staff.Post, name, phone string, photo bool) staff.Assignment {
		return staff.Assignment{Post: post, Cover: staff.CoverA, Worker: staff.Worker{Name: name, WorkPhone: phone, HasPhoto: photo}}
	}
	facts := func(list ...staff.Assignment) Hashes {
		var f Facts
		f.setPeople(at(append(list, of(staff.Volunteer, "志愿者", "1", false)), nil, nil))
		return f.Hashes()
	}
	worker, one := of(staff.GridWorker, "王一", "1", false), of(staff.Assistant, "林小满", "2", false)
	before := facts(worker, one)
	for _, other := range []Hashes{facts(worker), facts(worker, of(staff.Assistant, "林小满", "3", false)), facts(worker, one, of(staff.Assistant, "李二", "4", false))} {
		if got := other.Changed(before); !slices.Equal(got, []Part{People}) {
			t.Errorf("changed is %v", got)
		}
	}
	pictured := of(staff.Assistant, "林小满", "2", true)
	pictured.Worker.PhotoID = "A"
	if got := facts(worker, pictured).Changed(before); got != nil {
		t.Errorf("with a photo changed is %v", got)
	}
}

// Who a board has no room for changes nothing of it.
func TestWhoIsNotOnABoard(t *testing.T) {
	facts := func(workers, assistants int, last string) Hashes {
		var f Facts
		var list []staff.Assignment
		add := func(post staff.Post, n int) {
			for i := range n {
				name := "王一"
				if i == n-1 {
					name = last
				}
				list = append(list, staff.Assignment{Post: post, Worker: staff.Worker{Name: name, Duties: []string{name}}})
			}
		}
		add(staff.GridWorker, workers)
		add(staff.Assistant, assistants)
		f.setPeople(at(list, nil, nil))
		return f.Hashes()
	}
	if got := facts(MostWorkers+1, MostAssistants+1, "李二").Changed(facts(MostWorkers+1, MostAssistants+1, "赵三")); got != nil {
		t.Errorf("who is not shown changes %v", got)
	}
	if got := facts(MostWorkers+2, MostAssistants+2, "王一").Changed(facts(MostWorkers, MostAssistants, "王一")); got != nil {
		t.Errorf("more of them change %v", got)
	}
	if got := facts(MostWorkers, MostAssistants, "李二").Changed(facts(MostWorkers, MostAssistants, "赵三")); !slices.Equal(got, []Part{People}) {
		t.Errorf("the last who is shown changes %v", got)
	}
}

// TestHashesStay: what was printed years ago is compared with what the program of today says.
func TestHashesStay(t *testing.T) {
	want := Hashes{
		"a2dbfc196ba34113a05cc462db449663668bd036eb4d246b6281136c52e39013", "10bb1e2bca28bbee4b6c9671990fd387470a9af901be4746633e35bbadaedf14",
		"0eaed63163f147284cf3649ce0d6c3e516ac697c6a942cc426b658fdfb1d7f5b", "cfa2c2bf7ccfb5baf2fae7ac52d9bb383e5a748bb82849688861dc4498993de5",
	}
	if got := some().Hashes(); got != want {
		t.Errorf("the same facts are now %q, so that every board would count as outdated", got)
	}
}

func TestPeopleOfABoard(t *testing.T) {
	p := some().People
	if len(p.Workers) != 2 || p.Workers[0].Name != "王一" || p.Workers[1].Name != "李二" || len(p.Leaders) != 2 || p.Leaders[0].Name != "赵长" || p.Leaders[1].Name != "钱总" {
		t.Errorf("%+v", p)
	}
	var none, empty Facts
	none.setPeople(at([]staff.Assignment{{Post: staff.GridWorker, Cover: staff.CoverA}}, nil, nil))
	empty.setPeople(at([]staff.Assignment{{Post: staff.GridWorker, Cover: staff.CoverA, Worker: staff.Worker{Duties: []string{}}}}, nil, nil))
	if none.Hashes() != empty.Hashes() {
		t.Error("no duties are something else than none")
	}
}

// TestAnotherPhoto: it changes what the board says of people, where the board shows it.
func TestAnotherPhoto(t *testing.T) {
	of := func(worker, leader string) Facts {
		var f Facts
		f.setPeople(at([]staff.Assignment{{Post: staff.GridWorker, Worker: staff.Worker{Name: "网", WorkPhone: "1", HasPhoto: worker != "", PhotoID: worker}}},
			[]staff.Assignment{{Post: staff.GridLeader, Worker: staff.Worker{Name: "组", WorkPhone: "2", HasPhoto: leader != "", PhotoID: leader}}}, nil))
		return f
	}
	for _, c := range []struct {
		name           string
		worker, leader string
		want           []Part
	}{
		{"the same", "A", "B", nil}, {"another of the worker", "C", "B", []Part{People}}, {"none of the worker", "", "B", []Part{People}},
		{"another of a leader, whose photo no board shows", "A", "C", nil},
	} {
		if got := of(c.worker, c.leader).Hashes().Changed(of("A", "B").Hashes()); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	instead := func(photo string) (f Facts) {
		f.setPeople(at(nil, []staff.Assignment{{Post: staff.GridLeader, Worker: staff.Worker{Name: "组", WorkPhone: "2", HasPhoto: true, PhotoID: photo}}}, nil))
		return f
	}
	if got := instead("A").Hashes().Changed(instead("B").Hashes()); !slices.Equal(got, []Part{People}) {
		t.Errorf("another of the leader in the worker's place: %v", got)
	}
}

// TestWhoLeadsOnABoard: the board shows these, and is outdated by what changes of these only.
func TestWhoLeadsOnABoard(t *testing.T) {
	of := func(post staff.Post, cover staff.Cover, name, phone string) staff.Assignment {
		return staff.Assignment{Post: post, Cover: cover, Worker: staff.Worker{Name: name, WorkPhone: phone, HasPhoto: true, Duties: []string{"巡查"}}}
	}
	worker, silent := of(staff.GridWorker, staff.CoverA, "网", "1"), of(staff.GridWorker, staff.CoverA, "网", "")
	own := of(staff.GridLeader, staff.CoverA, "格", "2")
	first, second := of(staff.GridLeader, staff.CoverA, "组", "3"), of(staff.GridLeader, staff.CoverB, "副", "4")
	chief, other := of(staff.ChiefLeader, staff.CoverA, "总", "5"), of(staff.GridWorker, staff.CoverA, "闲", "6")
	mute := func(a staff.Assignment) staff.Assignment { a.Worker.WorkPhone = ""; return a }
	type list = []staff.Assignment
	for _, c := range []struct {
		name                     string
		ofGrid, ofGroup, ofOther list
		want                     string
		instead                  int
	}{
		{"the nearest two", list{worker, own}, list{second, first, other}, list{chief}, "格组", -1},
		{"the group's and the chief", list{worker}, list{first}, list{chief, other}, "组总", -1},
		{"nobody works: one more", list{own}, list{first, second}, list{chief}, "格组副", 0},
		{"the first cannot be called", list{mute(own)}, list{first, second}, list{chief}, "格组副", 1},
		{"only the last can be called", list{mute(own)}, list{mute(first), mute(second)}, list{chief}, "格组总", 2},
		{"nobody can be called", list{mute(own)}, list{mute(first)}, list{mute(chief)}, "格组", -1},
		{"the worker cannot", list{silent, mute(own)}, list{mute(first), mute(second)}, list{chief}, "格组总", -1},
		{"the worker cannot, a leader can", list{silent, own}, list{first}, list{chief}, "格组", -1},
		{"nobody", nil, nil, nil, "", -1},
	} {
		_, leaders, instead := Shown(at(c.ofGrid, c.ofGroup, c.ofOther))
		got := ""
		for _, l := range leaders {
			got += l.Worker.Name
		}
		if got != c.want || instead != c.instead {
			t.Errorf("%s: %s, %d, want %s, %d", c.name, got, instead, c.want, c.instead)
		}
		var f Facts
		f.setPeople(at(c.ofGrid, c.ofGroup, c.ofOther))
		for i, p := range f.People.Leaders {
			if p.Name != leaders[i].Worker.Name || p.Post != string(leaders[i].Post) || p.Photo != (i == c.instead) || p.Duties != nil {
				t.Errorf("%s: %+v", c.name, p)
			}
		}
	}
}

func TestEachFactIsOfOnePart(t *testing.T) {
	before := some().Hashes()
	for _, c := range []struct {
		name   string
		change func(f *Facts)
		want   Part
	}{
		{"a code", func(f *Facts) { f.Names.Code = "x" }, Names},
		{"a name", func(f *Facts) { f.Names.Name = "x" }, Names},
		{"a group's name", func(f *Facts) { f.Names.Group = "x" }, Names},
		{"a community's name", func(f *Facts) { f.Names.Divisions[1] = "x" }, Names},
		{"a building", func(f *Facts) { f.Names.House = "x" }, Names},
		{"a worker", func(f *Facts) { f.People.Workers[0].ID = "x" }, People},
		{"a phone", func(f *Facts) { f.People.Workers[0].Phone = "x" }, People},
		{"a duty", func(f *Facts) { f.People.Workers[0].Duties = []string{"x"} }, People},
		{"a photo", func(f *Facts) { f.People.Workers[0].Photo = false }, People},
		{"a cover", func(f *Facts) { f.People.Workers[1].Cover = "A" }, People},
		{"nobody leads", func(f *Facts) { f.People.Leaders = nil }, People},
		{"a chief leader's phone", func(f *Facts) { f.People.Leaders[1].Phone = "x" }, People},
		{"a border", func(f *Facts) { f.Border.Grid = "x" }, Border},
		{"a border in words", func(f *Facts) { f.Border.North = "x" }, Border},
		{"another part's border in words", func(f *Facts) { f.Border.Others = [][5]string{{"E", "望舒路"}} }, Border},
		{"a footprint", func(f *Facts) { f.Border.Building = "x" }, Border},
		{"who hears complaints", func(f *Facts) { f.Contacts.Supervision = "" }, Contacts},
		{"no station", func(f *Facts) { f.Contacts.Station = nil }, Contacts},
		{"a night number", func(f *Facts) { f.Contacts.Night[0] = "x" }, Contacts},
	} {
		f := some()
		c.change(&f)
		now := f.Hashes()
		if got := now.Changed(before); !slices.Equal(got, []Part{c.want}) {
			t.Errorf("%s changes %v, want %s", c.name, got, c.want)
		}
		if got, ok := now.ChangedSince(before.Mark()); !ok || !slices.Equal(got, []Part{c.want}) {
			t.Errorf("%s changes %v by its mark, want %s", c.name, got, c.want)
		}
	}
}

// The mark of an atlas is another where any part of any board in it is, and where one is added or left out.
func TestAtlasMark(t *testing.T) {
	page := Facts{}.Hashes()
	other := page
	other[3] = strings.Repeat("0", len(other[3]))
	seen := map[string]string{}
	for name, boards := range map[string][]Hashes{"none": nil, "one": {page}, "two": {page, page}, "the first is another": {other, page}, "the second is": {page, other}} {
		mark := AtlasMark(boards)
		if len(mark) != 8 || seen[mark] != "" || mark != AtlasMark(boards) {
			t.Errorf("%s: %s, as %s", name, mark, seen[mark])
		}
		seen[mark] = name
	}
}

func TestStand(t *testing.T) {
	was := some().Hashes()
	changed := some()
	changed.Names.Name = "新"
	now := changed.Hashes()
	on, _ := civil.Parse("2026-03-01")
	third := &Print{Revision: 3, Hashes: was, On: on}
	for _, c := range []struct {
		name     string
		now      Hashes
		last     *Print
		revision int
		changed  []Part
	}{
		{"never printed", now, nil, 1, nil},
		{"as it was printed", was, third, 3, nil},
		{"changed since", now, third, 4, []Part{Names}},
	} {
		if got := Stand(Of{}, c.now, c.last); got.Revision != c.revision || !slices.Equal(got.Changed, c.changed) {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
	alike := now // another name, whose first digits are those of the old one by chance
	alike[2] = was[2][:4] + now[2][4:]
	other := some()
	other.Names.Code, other.Border.Grid = "990102001001002", "cd"
	elsewhere := &Print{Revision: 3, On: on}
	for i := range elsewhere.Hashes {
		elsewhere.Hashes[i] = strings.Repeat("5", 64)
	}
	for _, c := range []struct {
		name     string
		now      Hashes
		revision int
		mark     string
		printed  *Print
		want     Check
	}{
		{"as it was printed", was, 3, "", third, Check{Current, nil, 3, &on}},
		{"as it was printed, with its mark", was, 3, was.Mark(), third, Check{Current, nil, 3, &on}},
		{"changed since", now, 3, "", third, Check{Outdated, []Part{Names}, 4, &on}},
		{"changed to what has the same mark", alike, 3, was.Mark(), third, Check{Outdated, []Part{Names}, 4, &on}},
		{"nobody noted it", was, 3, "", nil, Check{Unknown, nil, 3, nil}},
		{"nobody noted it, but it has a mark", was, 2, was.Mark(), nil, Check{Current, nil, 3, nil}},
		{"an old mark", now, 4, was.Mark(), nil, Check{Outdated, []Part{Names}, 4, nil}},
		{"what is no mark", now, 4, "ZZZZZZZZZZZZZZZZ", nil, Check{Unknown, nil, 4, nil}},
		{"what is no mark, of a revision that was noted", was, 3, "' OR 1=1 --", third, Check{Unknown, nil, 3, &on}},
		{"half a mark", now, 4, was.Mark()[:8], nil, Check{Unknown, nil, 4, nil}},
		{"half a mark of a revision that was noted", was, 3, was.Mark()[:8], third, Check{Unknown, nil, 3, &on}},
		{"a long mark", was, 3, strings.Repeat("a", 100_000), nil, Check{Unknown, nil, 3, nil}},
		{"a mark of zeros, which no board has", was, 9, strings.Repeat("0", 16), nil, Check{Unknown, nil, 3, nil}},
		{"a mark of zeros of a revision that was noted", was, 3, strings.Repeat("0", 16), third, Check{Unknown, nil, 3, &on}},
		{"all is otherwise than what was noted", now, 3, elsewhere.Hashes.Mark(), elsewhere, Check{Outdated, Parts, 4, &on}},
		{"all is otherwise than what nobody noted", now, 3, elsewhere.Hashes.Mark(), nil, Check{Unknown, nil, 4, nil}},
		{"the mark of another board", was, 3, other.Hashes().Mark(), third, Check{Outdated, []Part{Border, Names}, 3, &on}},
		{"noted too early: the board itself says the new", now, 3, now.Mark(), third, Check{Current, nil, 4, &on}},
		{"a revision to come with the mark of today", was, 4, was.Mark(), nil, Check{Unknown, nil, 3, nil}},
		{"a revision to come with an old mark, as of a board that was drawn before something was undone", was, 4, now.Mark(), nil, Check{Outdated, []Part{Names}, 3, nil}},
		{"the largest revision", was, math.MaxInt, was.Mark(), nil, Check{Unknown, nil, 3, nil}},
	} {
		if got := Stand(Of{}, c.now, third).check(c.revision, c.mark, c.printed); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func area(t *testing.T, rings ...[]geom.Coord) geom.T {
	t.Helper()
	return geom.NewMultiPolygon(geom.XY).SetSRID(4490).MustSetCoords([][][]geom.Coord{rings})
}

func TestFingerprint(t *testing.T) {
	print := func(g geom.T) string {
		t.Helper()
		p, err := Fingerprint(g)
		if err != nil || len(p) != 64 {
			t.Fatalf("%q, %v", p, err)
		}
		return p
	}
	square := []geom.Coord{{120, 31}, {120.01, 31}, {120.01, 31.01}, {120, 31.01}, {120, 31}}
	hole := []geom.Coord{{120.002, 31.002}, {120.002, 31.004}, {120.004, 31.004}, {120.004, 31.002}, {120.002, 31.002}}
	plain := print(area(t, square))
	for name, same := range map[string]geom.T{
		"another beginning":            area(t, []geom.Coord{square[2], square[3], square[0], square[1], square[2]}),
		"the other way round":          area(t, []geom.Coord{square[0], square[3], square[2], square[1], square[0]}),
		"a neighbour's vertex":         area(t, []geom.Coord{square[0], {120.004, 31}, square[1], square[2], square[3], square[0]}),
		"one that rounding put beside": area(t, []geom.Coord{square[0], square[1], square[2], square[3], {119.99999999, 31.006}, {119.99999999, 31.002}, square[0]}),
		"one part":                     geom.NewPolygon(geom.XY).MustSetCoords([][]geom.Coord{square}),
	} {
		if print(same) != plain {
			t.Errorf("%s is another border", name)
		}
	}
	for name, other := range map[string]geom.T{
		"a metre more": area(t, []geom.Coord{square[0], {120.01001, 31}, square[2], square[3], square[0]}),
		"a bend":       area(t, []geom.Coord{square[0], {120.004, 31.00001}, square[1], square[2], square[3], square[0]}),
		"a hole":       area(t, square, hole),
		"a point":      geom.NewPointFlat(geom.XY, []float64{120, 31}),
	} {
		if print(other) == plain {
			t.Errorf("%s is the same border", name)
		}
	}
	// All corners are as far from the middle: any may be where it is begun.
	even := []geom.Coord{{120, 31}, {120.5, 31}, {120.5, 31.5}, {120, 31.5}, {120, 31}}
	if print(area(t, even)) != print(area(t, []geom.Coord{even[2], even[3], even[0], even[1], even[2]})) {
		t.Error("an even square with another beginning is another border")
	}
	far := []geom.Coord{{120.1, 31}, {120.11, 31}, {120.11, 31.01}, {120.1, 31}}
	two := geom.NewMultiPolygon(geom.XY).MustSetCoords([][][]geom.Coord{{square}, {far}})
	turned := geom.NewMultiPolygon(geom.XY).MustSetCoords([][][]geom.Coord{{far}, {square}})
	if print(two) != print(turned) || print(two) == plain {
		t.Error("the order of two parts counts")
	}
	if _, err := Fingerprint(geom.NewLineString(geom.XY).MustSetCoords([]geom.Coord{{1, 2}, {3, 4}})); err == nil {
		t.Error("a line has no fingerprint")
	}
}

// at is a grid of a group and a community, for which these are in office.
func at(ofGrid, ofGroup, ofCommunity []staff.Assignment) (grid.Grid, map[uuid.UUID][]staff.Assignment) {
	group := uuid.UUID{2}
	g := grid.Grid{Key: key.Key{Home: "home1", ID: uuid.UUID{1}}, GroupID: &group, CommunityID: uuid.UUID{3}}
	return g, map[uuid.UUID][]staff.Assignment{g.Key.ID: ofGrid, group: ofGroup, g.CommunityID: ofCommunity}
}
