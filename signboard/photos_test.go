package signboard

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"log/slog"
	"strings"
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
		ctx, leave := context.WithTimeout(t.Context(), time.Second)
		defer leave()
		if err := s.photos(ctx, account.Anyone(), boards...); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("of who left: %v", err)
		}
	})
}

func jpegOf(t *testing.T, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, w, h)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
