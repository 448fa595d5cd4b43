package signboard

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/around"
	"wangge/domain/board"
	"wangge/domain/civil"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/internal/fault"
	"wangge/signboard/paper"
)

// hamlet is a town of three grids with a worker each, of whom all but the first have a photo.
type hamlet struct {
	nowhere
	Around
	album Staff
	said  board.Facts
}

func (hamlet) key(code string) key.Key { return key.Key{Home: "home1", ID: uuid.UUID{code[0] - '0'}} }

// hamletGrids and hamletStaff are the hamlet as who asks sees it.
type (
	hamletGrids struct {
		Grids
		hamlet
	}
	hamletStaff struct {
		Staff
		hamlet
	}
)

func (s hamlet) source() *Source {
	return &Source{Grids: hamletGrids{nil, s}, Staff: hamletStaff{s.album, s}, Places: s, Around: s, Boards: s, PublicURL: "https://grid.example"}
}

func (hamletGrids) OfCommunity(context.Context, account.Actor, uuid.UUID) ([]grid.Grid, error) {
	return []grid.Grid{{Code: "1"}, {Code: "2"}, {Code: "3"}}, nil
}

func (g hamletGrids) ByCode(_ context.Context, _ account.Actor, code string, _ *time.Time, _ grid.Fields) (grid.Grid, error) {
	return grid.Grid{Key: g.key(code), Code: code, Name: "网格"}, nil
}

func (s hamletStaff) InOffice(_ context.Context, _ account.Actor, areas []staff.Area, _ *time.Time) (map[uuid.UUID][]staff.Assignment, error) {
	id := areas[0].ID
	worker := staff.Worker{Key: key.Key{Home: "home1", ID: id}, Name: "王一", WorkPhone: "15400000001", HasPhoto: id != s.key("1").ID}
	return map[uuid.UUID][]staff.Assignment{id: {{Post: staff.GridWorker, Cover: staff.CoverA, Worker: worker}}}, nil
}

func (hamletStaff) Day(*time.Time) civil.Date { return civil.Date{} }

func (hamlet) Ancestors(context.Context, account.Actor, []uuid.UUID, place.Fields) (map[uuid.UUID][]place.Division, error) {
	return nil, nil
}

func (hamlet) Contacts(context.Context, account.Actor, []uuid.UUID) (map[uuid.UUID]place.Here, error) {
	return nil, nil
}

func (hamlet) Limits(context.Context, account.Actor, []grid.Grid, *time.Time) (map[uuid.UUID]around.Limits, error) {
	return nil, nil
}

func (hamlet) Of(context.Context, account.Actor, key.Key, place.Box, *time.Time) (around.Surroundings, error) {
	return around.Surroundings{}, nil
}

func (s hamlet) Revision(_ context.Context, _ account.Actor, of board.Of) (board.Standing, error) {
	return board.Stand(of, s.said.Hashes(), nil), nil
}

func chosen(codes ...string) (list []board.Printing) {
	for _, code := range codes {
		list = append(list, board.Printing{Name: board.Name{Grid: code}})
	}
	return list
}

// No board goes to the print shop without a photo that is only away: it would be noted as printed, and count as current for ever.
func TestNothingIsPrintedWithoutItsPhotos(t *testing.T) {
	away := fault.Wrap(errors.New("away"), fault.Unavailable, "", "worker.photoAway")
	for _, c := range []struct {
		name   string
		photos Staff
		want   bool
	}{{"there is none", album{err: fault.New(fault.NotFound, "id", "board.nobody")}, true}, {"away", album{err: away}, false}, {"hung", hung{}, false}} {
		synctest.Test(t, func(t *testing.T) {
			town := hamlet{album: c.photos}
			d := newDoor(Options{Source: town.source(), Fonts: fonts(t)})
			file, err := d.some(t.Context(), account.TheOperator(), place.Division{}, asking{Format: Format{Size: "a4"}}, chosen("1", "2", "3"))
			switch {
			case c.want && (err != nil || !bytes.HasPrefix(file.body, []byte("%PDF"))):
				t.Errorf("%s: %v", c.name, err)
			case !c.want && (!fault.Is(err, fault.Unavailable) || file != nil || !strings.HasPrefix(fault.As(err).Text(fault.English), "2: ")):
				t.Errorf("%s: %v", c.name, err)
			}
			path := filepath.Join(t.TempDir(), "all.pdf")
			out, err := Print(t.Context(), account.TheOperator(), d.Source, fonts(t), Job{File: path, Format: Format{Size: "a4"}})
			_, none := os.Stat(path)
			switch {
			case c.want && (err != nil || out.Boards != 3 || none != nil):
				t.Errorf("%s: %+v, %v", c.name, out, err)
			case !c.want && (!fault.Is(err, fault.Unavailable) || !errors.Is(none, os.ErrNotExist) ||
				!strings.HasPrefix(fault.As(err).Text(fault.English), "2, 3: ")):
				t.Errorf("%s: %+v, %v", c.name, out, err)
			}
		})
	}
}

// A board shows no more people than its mark stands for, nor what these do.
func TestWhoIsNotOnABoard(t *testing.T) {
	f := Facts{Lang: fault.Chinese}
	for _, name := range []string{"赵一", "钱二", "孙三", "李四"} {
		f.Workers = append(f.Workers, Worker{Person: Person{Name: name, Phone: "1"}, Duties: []string{name + "的事"}})
	}
	for _, name := range []string{"周五", "吴六", "郑七", "王八", "冯九"} {
		f.Assistants = append(f.Assistants, Person{Name: name, Phone: "2"})
	}
	sheet, _ := Board(f, Format{"a3", true}, fonts(t))
	var b bytes.Buffer
	if err := paper.WriteSVG(&b, sheet, fonts(t)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text  string
		shown bool
	}{{"孙三", true}, {"孙三的事", true}, {"李四", false}, {"王八", true}, {"冯九", false}} {
		if strings.Contains(b.String(), c.text) != c.shown {
			t.Errorf("%s is shown: %t", c.text, !c.shown)
		}
	}
}

// What is printed says what the list said when it was shown; a board without a mark says what holds.
func TestPrintingWhatMoved(t *testing.T) {
	now := hamlet{album: album{err: fault.New(fault.NotFound, "id", "board.nobody")}}
	was := now
	was.said.Names.Name = "旧网格"
	d := newDoor(Options{Source: now.source(), Fonts: fonts(t)})
	for _, c := range []struct {
		mark string
		want bool
	}{{now.said.Hashes().Mark(), true}, {strings.ToUpper(now.said.Hashes().Mark()), true}, {"", true}, {was.said.Hashes().Mark(), false}, {"made up", false}} {
		list := chosen("1", "2")
		list[1].Mark = c.mark
		file, err := d.some(t.Context(), account.TheOperator(), place.Division{}, asking{Format: Format{Size: "a4"}}, list)
		if c.want != (err == nil) || c.want != (file != nil) || !c.want && (!fault.Is(err, fault.Conflict) || !strings.HasPrefix(fault.As(err).Text(fault.English), "2: ")) {
			t.Errorf("%q: %v", c.mark, err)
		}
	}
}

// barred is an album that answers when it is opened.
type barred struct {
	Staff
	open chan struct{}
}

func (b barred) Photo(ctx context.Context, _ account.Actor, _ key.Key, _ bool, _ func(string) bool) (staff.Photo, error) {
	select {
	case <-b.open:
		return staff.Photo{}, fault.New(fault.NotFound, "id", "board.nobody")
	case <-ctx.Done():
		return staff.Photo{}, ctx.Err()
	}
}

// While the boards of a list are read the turns to draw are free for others; they are read as others read, and one list is made at a time.
func TestAListLeavesRoomForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		album := barred{open: make(chan struct{})}
		d := newDoor(Options{Source: hamlet{album: album}.source(), Fonts: fonts(t)})
		made := make(chan error)
		for range 2 {
			go func() {
				_, err := d.some(t.Context(), account.TheOperator(), place.Division{}, asking{Format: Format{Size: "a4"}}, chosen("2", "2", "2"))
				made <- err
			}()
		}
		synctest.Wait()
		if !d.turns.TryAcquire(drawings) {
			t.Error("a list that is read takes turns to draw")
		} else {
			d.turns.Release(drawings)
		}
		if d.readings.TryAcquire(readings-2) || !d.readings.TryAcquire(readings-3) {
			t.Error("not three boards are read at a time as others are")
		} else {
			d.readings.Release(readings - 3)
		}
		close(album.open)
		for range 2 {
			if err := <-made; err != nil {
				t.Error(err)
			}
		}
		if !d.turns.TryAcquire(drawings) || !d.readings.TryAcquire(readings) || !d.bulk.TryAcquire(1) {
			t.Error("something is held for ever")
		}
	})
}
