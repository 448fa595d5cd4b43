package signboard

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/key"
	"wangge/domain/staff"
	"wangge/internal/fault"
	"wangge/signboard/paper"
)

// album answers photos; those of workers it does not know with err.
type album struct {
	Staff
	of  map[key.Key][]byte
	err error
}

func (a album) Photo(_ context.Context, _ account.Actor, worker key.Key, _ bool, _ func(string) bool) (staff.Photo, error) {
	if image, ok := a.of[worker]; ok {
		return staff.Photo{Image: image, Tag: "TAG"}, nil
	}
	return staff.Photo{}, a.err
}

// A photo that cannot be read, or is no picture, takes no board away; what is wrong with the program does.
func TestABoardDoesWithoutAPhotoThatCannotBeRead(t *testing.T) {
	one, two := key.Key{Home: "home1", ID: uuid.UUID{1}}, key.Key{Home: "home1", ID: uuid.UUID{2}}
	picture := jpegOf(t, 300, 375)
	away, broken := fault.Wrap(errors.New("away"), fault.Unavailable, "", "board.nobody"), errors.New("broken")
	for _, c := range []struct {
		name            string
		image           []byte
		err, want       error
		logged, passing bool
	}{
		{"away", nil, away, nil, true, true}, {"none", nil, fault.New(fault.NotFound, "id", "board.nobody"), nil, false, false}, {"broken", nil, broken, broken, false, false},
		{"cut off", picture[:len(picture)/2], nil, nil, true, false}, {"no picture", []byte("<html>"), nil, nil, true, false}, {"empty", []byte{}, nil, nil, true, false},
	} {
		of := map[key.Key][]byte{two: picture}
		if c.image != nil {
			of[one] = c.image
		}
		var log bytes.Buffer
		s := &Source{Staff: album{of: of, err: c.err}, Log: slog.New(slog.NewTextHandler(&log, nil))}
		f := Facts{Workers: []Worker{{Person: Person{Name: "王一", Phone: "154 0000 0001", photoOf: one}}, {}}, Leaders: []Person{{photoOf: two}}}
		for range 2 {
			if err := s.photos(t.Context(), account.Anyone(), &f); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		if c.want == nil && (f.Workers[0].Photo != nil || !bytes.Equal(f.Leaders[0].Photo, picture) || f.passing != c.passing) {
			t.Errorf("%s: %d and %d bytes, passing %t", c.name, len(f.Workers[0].Photo), len(f.Leaders[0].Photo), f.passing)
		}
		if lines := strings.Count(log.String(), "\n"); lines != 1 && c.logged || lines > 0 && !c.logged || strings.ContainsAny(log.String(), "王") || strings.Contains(log.String(), "154") {
			t.Errorf("%s: logged %q", c.name, &log)
		}
		if c.want == nil {
			sheet, _ := Board(f, Format{"a3", true}, fonts(t))
			var b bytes.Buffer
			if err := paper.WritePNG(&b, sheet, fonts(t), 30); err != nil {
				t.Errorf("%s: it cannot be drawn: %v", c.name, err)
			}
		}
	}
}

// hung is an album that does not answer.
type hung struct{ Staff }

func (hung) Photo(ctx context.Context, _ account.Actor, _ key.Key, _ bool, _ func(string) bool) (staff.Photo, error) {
	<-ctx.Done()
	return staff.Photo{}, ctx.Err()
}

// Photos that do not come are not waited for one by one; who leaves is told so.
func TestPhotosThatDoNotCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		boards := make([]*Facts, 40)
		for i := range boards {
			boards[i] = &Facts{Workers: []Worker{{Person: Person{photoOf: key.Key{Home: "home1", ID: uuid.UUID{byte(i)}}}}}}
		}
		s, began := &Source{Staff: hung{}, Log: slog.New(slog.DiscardHandler)}, time.Now()
		if err := s.photos(t.Context(), account.Anyone(), boards...); err != nil || time.Since(began) > photosTake || !boards[39].passing {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		var log bytes.Buffer
		s = &Source{Staff: hung{}, Log: slog.New(slog.NewTextHandler(&log, nil))}
		ctx, leave := context.WithTimeout(t.Context(), time.Second)
		defer leave()
		if err := s.photos(ctx, account.Anyone(), boards...); !errors.Is(err, context.DeadlineExceeded) || log.Len() > 0 {
			t.Errorf("of who left: %v, logged %q", err, &log)
		}
	})
}

// far is an album a little way off, that answers all with the same.
type far struct {
	Staff
	reads, now, most atomic.Int32
	image            []byte
}

func (a *far) Photo(ctx context.Context, _ account.Actor, _ key.Key, _ bool, _ func(string) bool) (staff.Photo, error) {
	a.reads.Add(1)
	n := a.now.Add(1)
	defer a.now.Add(-1)
	for most := a.most.Load(); n > most && !a.most.CompareAndSwap(most, n); most = a.most.Load() {
	}
	select {
	case <-time.After(30 * time.Millisecond):
		return staff.Photo{Image: a.image, Tag: "TAG"}, nil
	case <-ctx.Done():
		return staff.Photo{}, ctx.Err()
	}
}

// An atlas of 80 grids with 160 workers, whose nearest leader is the same everywhere: all photos are there in time, each read once, and some at a time.
func TestThePhotosOfAnAtlas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		boards := make([]*Facts, 80)
		for i := range boards {
			of := func(n int) Person { return Person{photoOf: key.Key{Home: "home1", ID: uuid.UUID{byte(n), byte(i)}}} }
			boards[i] = &Facts{Workers: []Worker{{Person: of(1)}, {Person: of(2)}}, Leaders: []Person{{photoOf: key.Key{Home: "home1"}}, {Name: "without"}}}
		}
		album := &far{image: jpegOf(t, 30, 40)}
		s, began := &Source{Staff: album, Log: slog.New(slog.DiscardHandler)}, time.Now()
		if err := s.photos(t.Context(), account.Anyone(), boards...); err != nil || time.Since(began) > time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		if album.reads.Load() != 161 || album.most.Load() != photosAtOnce {
			t.Errorf("%d are read, %d at a time", album.reads.Load(), album.most.Load())
		}
		for i, f := range boards {
			if f.passing || f.Workers[0].Photo == nil || f.Workers[1].Photo == nil || f.Leaders[0].Photo == nil || f.Leaders[1].Photo != nil {
				t.Fatalf("board %d is not complete", i)
			}
		}
	})
}

// torn is an album that fails as no album should.
type torn struct{ Staff }

func (torn) Photo(context.Context, account.Actor, key.Key, bool, func(string) bool) (staff.Photo, error) {
	panic("a page")
}

func TestAnAlbumThatPanicsEndsNoServer(t *testing.T) {
	f := &Facts{Workers: []Worker{{Person: Person{photoOf: key.Key{Home: "home1"}}}}}
	if err := (&Source{Staff: torn{}}).photos(t.Context(), account.Anyone(), f); err == nil || !strings.Contains(err.Error(), "a page") {
		t.Error(err)
	}
}

func jpegOf(t *testing.T, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, w, h)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
