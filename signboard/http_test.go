package signboard

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"wangge/signboard/paper"
)

// slow draws for a second, unless who asked leaves; it counts how often, and how many at a time at most.
type slow struct{ times, now, most atomic.Int32 }

func (s *slow) write(ctx context.Context, w io.Writer) error {
	s.times.Add(1)
	if n := s.now.Add(1); n > s.most.Load() {
		s.most.Store(n)
	}
	defer s.now.Add(-1)
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
		return nil // as an atlas that ends early
	}
	_, err := io.WriteString(w, "drawn")
	return err
}

func TestOneDrawingForAllWhoAskAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, s := newDoor(Options{}), &slow{}
		var all sync.WaitGroup
		for range 20 {
			for _, name := range []string{"a", "b", "c", "d", "e"} {
				all.Go(func() {
					if body, err := d.drawn(t.Context(), name, s.write); err != nil || string(body) != "drawn" {
						t.Errorf("%q, %v", body, err)
					}
				})
			}
		}
		all.Wait()
		if s.times.Load() != 5 || s.most.Load() != drawings {
			t.Errorf("drawn %d times, %d at a time", s.times.Load(), s.most.Load())
		}
	})
}

// Who leaves waits no more, and takes no turn; who still waits for what was drawn for them gets it.
func TestWhoLeavesADrawing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, s := newDoor(Options{}), &slow{}
		var all sync.WaitGroup
		ask := func(name string, stays time.Duration, want error) {
			all.Go(func() {
				ctx, leave := context.WithTimeout(t.Context(), stays)
				defer leave()
				begun := time.Now()
				body, err := d.drawn(ctx, name, s.write)
				if !errors.Is(err, want) || want == nil && string(body) != "drawn" || time.Since(begun) > stays {
					t.Errorf("%s: %q, %v after %v", name, body, err, time.Since(begun))
				}
			})
			synctest.Wait()
		}
		ask("a", time.Second/2, context.DeadlineExceeded)
		ask("a", time.Hour, nil)
		ask("b", time.Hour, nil)
		ask("c", time.Second/4, context.DeadlineExceeded) // while it waits for a turn
		all.Wait()
		if s.times.Load() != 3 {
			t.Errorf("drawn %d times, want a twice and b", s.times.Load())
		}
		if _, ok := d.kept.GetIfPresent("c"); ok {
			t.Error("c is kept")
		}
	})
}

// What another build or other fonts drew is not taken for what this one draws.
func TestTheNameIsOfWhoDraws(t *testing.T) {
	name := func(drawer string) string {
		s, err := (&door{drawer: drawer}).name(question{kind: "svg", look: "a3"}, usual())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if name("a") == name("b") || name("a") != name("a") {
		t.Error("the name does not tell who drew")
	}
	if program() == "" || program() != program() {
		t.Errorf("this program is %q", program())
	}
}

func TestADrawingThatFails(t *testing.T) {
	d := newDoor(Options{})
	failed := errors.New("failed")
	if _, err := d.drawn(t.Context(), "a", func(context.Context, io.Writer) error { return failed }); !errors.Is(err, failed) {
		t.Error(err)
	}
	if body, err := d.drawn(t.Context(), "a", func(context.Context, io.Writer) error { panic("a letter") }); err == nil || body != nil {
		t.Errorf("%q, %v", body, err)
	}
	if _, err := d.drawn(t.Context(), "a", (&slow{}).write); err != nil {
		t.Errorf("after one that failed: %v", err)
	}
}

func TestAnAtlasEndsWhenNobodyWaits(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	pages, m := 0, fonts(t)
	err := paper.WritePDF(&bytes.Buffer{}, whileAsked(ctx, func(yield func(*paper.Sheet) bool) {
		for yield(&paper.Sheet{W: 10, H: 10}) {
			if pages++; pages == 3 {
				leave()
			}
			if pages > 10 {
				return
			}
		}
	}), m)
	if err != nil || pages != 3 {
		t.Errorf("%d pages, %v", pages, err)
	}
}
