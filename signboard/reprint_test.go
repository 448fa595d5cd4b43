package signboard

import (
	"context"
	"fmt"
	"html/template"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/board"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/internal/fault"
)

// shelf is a list of so many boards, every third of a building, every second with another border. After them come boards that say what holds: to have looked at
// some ends a page.
type shelf struct {
	Prints
	n, current int
	reads      int
}

func (s *shelf) Reprint(_ context.Context, _ account.Actor, _ string, kind board.Kind, args page.Args) (out page.Page[board.Standing], err error) {
	s.reads++
	from := 0
	if args.After != nil {
		if _, err := fmt.Sscanf(args.After.Text, "grid/%d", &from); err != nil {
			return out, err
		}
	}
	for i := from; i < s.n; i++ {
		if isBuilding := i%3 == 2; kind != "" && isBuilding != (kind == board.OfBuilding) {
			continue
		}
		if len(out.Items) == args.First {
			out.HasNext = true
			return out, nil
		}
		st := board.Standing{Of: board.Of{Kind: board.OfGrid, Key: key.Key{Home: "h", ID: uuid.UUID{byte(i >> 8), byte(i), 1}}}, Hashes: board.Facts{}.Hashes(), Printed: &board.Print{Revision: 1}, Changed: []board.Part{board.People}}
		if i%3 == 2 {
			st.Of.Kind = board.OfBuilding
		}
		if i%2 == 1 {
			st.Changed = []board.Part{board.People, board.Border}
		}
		out.Items = append(out.Items, page.Item[board.Standing]{Node: st, Cursor: page.Cursor{Order: board.ByPlace, Text: fmt.Sprintf("grid/%d", i+1), ID: "x"}})
	}
	if rest := s.n + s.current - from; rest > mostLooked {
		end := page.Cursor{Order: board.ByPlace, Text: fmt.Sprintf("grid/%d", from+mostLooked), ID: "x"}
		out.HasNext, out.End = true, &end
	}
	return out, nil
}

type nowhere struct{ here }

type noGrids struct{ Grids }

func (noGrids) ByKeys(context.Context, account.Actor, []key.Key, *time.Time, grid.Fields) (map[uuid.UUID]grid.Grid, error) {
	return nil, nil
}

func (nowhere) BuildingsByKey(context.Context, account.Actor, []key.Key, *time.Time, bool) (map[uuid.UUID]place.Building, error) {
	return nil, nil
}

func (nowhere) DivisionsByID(context.Context, account.Actor, []uuid.UUID, place.Fields) (map[uuid.UUID]place.Division, error) {
	return nil, nil
}

// A list is read page by page, each board once, whatever is left out of it, and never more of it than is asked for.
func TestPagesOfReprints(t *testing.T) {
	all := &shelf{n: 1000}
	d := &door{Source: &Source{Grids: noGrids{}, Places: nowhere{}}, prints: all}
	for _, c := range []struct {
		name       string
		ask        asking
		n          int // boards of the list
		all, pages int
	}{
		{"nothing", asking{}, 0, 0, 1}, {"one page", asking{}, 50, 50, 1}, {"one more", asking{}, 51, 51, 2}, {"many", asking{}, 1000, 1000, 20},
		{"of buildings", asking{Kind: board.OfBuilding}, 1000, 333, 7}, {"with another border", asking{Part: board.Border}, 1000, 500, 10},
		{"with another name", asking{Part: board.Names}, 1000, 0, 1}, {"both", asking{Kind: board.OfGrid, Part: board.Border}, 6, 2, 1},
	} {
		all.n = c.n
		seen, pages := map[uuid.UUID]bool{}, 0
		for ask := c.ask; ; pages++ {
			rows, next, err := d.rows(t.Context(), account.TheOperator(), "1", ask, perPage, fault.Chinese)
			if err != nil || len(rows) > perPage || next != "" && len(rows) != perPage {
				t.Fatalf("%s: %d rows, %q, %v", c.name, len(rows), next, err)
			}
			for _, r := range rows {
				if seen[r.Of.Key.ID] {
					t.Errorf("%s: %s comes twice", c.name, r.Of.Key.ID)
				}
				seen[r.Of.Key.ID] = true
				if strings.HasPrefix(r.To, "/signboards/buildings/") != (r.Of.Kind == board.OfBuilding) || r.KindIs != map[board.Kind]string{board.OfGrid: wGrid.zh, board.OfBuilding: wHouse.zh}[r.Of.Kind] {
					t.Errorf("%s: %s leads to %s as %s", c.name, r.Of.Kind, r.To, r.KindIs)
				}
			}
			if next == "" {
				pages++
				break
			}
			ask.After = &next
		}
		if len(seen) != c.all || pages != c.pages {
			t.Errorf("%s: %d boards on %d pages, want %d on %d", c.name, len(seen), pages, c.all, c.pages)
		}
	}
	// A choice that few or none are of ends a page early, after few reads; none is lost by it.
	for _, c := range []struct {
		name string
		ask  asking
		all  int
	}{{"none", asking{Part: board.Names}, 0}, {"some", asking{Kind: board.OfBuilding, Part: board.Border}, 1666}, {"few", asking{Kind: board.OfGrid, Part: board.Border}, 3334}} {
		all.n = 10_000
		seen := map[uuid.UUID]bool{}
		for ask := c.ask; ; {
			all.reads = 0
			rows, next, err := d.rows(t.Context(), account.TheOperator(), "1", ask, perPage, fault.Chinese)
			if err != nil || all.reads > mostLooked/perRead || len(rows) > perPage {
				t.Fatalf("%s: %d rows in %d reads, %v", c.name, len(rows), all.reads, err)
			}
			for _, r := range rows {
				seen[r.Of.Key.ID] = true
			}
			if next == "" {
				break
			}
			ask.After = &next
		}
		if len(seen) != c.all {
			t.Errorf("%s: %d boards, want %d", c.name, len(seen), c.all)
		}
	}
	// Exactly the most is not too long, whatever comes after that was not chosen.
	all.n = 3*mostInPDF + 1
	if rows, err := d.whole(t.Context(), account.TheOperator(), place.Division{}, asking{Kind: board.OfBuilding}, mostInPDF); err != nil || len(rows) != mostInPDF {
		t.Errorf("%d, %v", len(rows), err)
	}
	all.n, all.current = mostInPDF, 2_500
	if rows, err := d.whole(t.Context(), account.TheOperator(), place.Division{}, asking{}, mostInPDF); err != nil || len(rows) != mostInPDF {
		t.Errorf("before current boards: %d, %v", len(rows), err)
	}
	all.current, all.n = 0, mostInPDF
	if rows, err := d.whole(t.Context(), account.TheOperator(), place.Division{}, asking{}, mostInPDF); err != nil || len(rows) != mostInPDF {
		t.Errorf("%d, %v", len(rows), err)
	}
	all.n++
	if _, err := d.whole(t.Context(), account.TheOperator(), place.Division{}, asking{}, mostInPDF); !fault.Is(err, fault.Limited) {
		t.Error(err)
	}
}

// Each word that a template of a page says is there in both languages, and none is left over.
func TestWordsOfPages(t *testing.T) {
	used := map[string]bool{}
	for _, file := range []string{"page.html", "reprint.html", "page.go", "reprint.go", "printlist.go"} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?:\.Say |pageWords\[)"(\w+)"`).FindAllStringSubmatch(string(source), -1) {
			used[m[1]] = true
		}
	}
	for name := range used {
		if w := pageWords[name]; w.zh == "" || w.en == "" {
			t.Errorf("%q is %+v", name, w)
		}
	}
	for name := range pageWords {
		if !used[name] {
			t.Errorf("nobody says %q", name)
		}
	}
}

// Names from data are text on pages: no markup, no marks that turn the direction of writing.
func TestDataOnPages(t *testing.T) {
	for _, c := range []struct {
		lang fault.Language
		text string
		want template.HTML
	}{
		{fault.Chinese, "<script>", "&lt;script&gt;"}, {fault.Chinese, "a\u202eb", "ab"}, {fault.English, "网格 <b>", `<span lang="zh">网格 &lt;b&gt;</span>`}, {fault.English, "Grid", "Grid"},
	} {
		if got := (speaker{c.lang}).Data(c.text); got != c.want {
			t.Errorf("%q in %s is %s", c.text, c.lang, got)
		}
	}
}
