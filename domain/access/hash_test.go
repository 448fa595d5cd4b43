package access

import (
	"errors"
	"sync"
	"testing"
	"time"

	"wangge/internal/fault"
)

// A hundred at one address take one place of two, however long they wait; who comes from elsewhere waits for one password at most.
func TestOneAddressLeavesAPlaceToOthers(t *testing.T) {
	h := newHasher()
	const work = 20 * time.Millisecond
	var mu sync.Mutex
	var running, most, refused int
	var all sync.WaitGroup
	over := time.Now().Add(time.Second)
	for range 100 {
		all.Go(func() {
			for time.Now().Before(over) {
				err := h.inPlace(t.Context(), "flood", func() error {
					mu.Lock()
					running++
					most = max(most, running)
					mu.Unlock()
					time.Sleep(work)
					mu.Lock()
					running--
					mu.Unlock()
					return nil
				})
				if fault.Is(err, fault.Limited) {
					mu.Lock()
					refused++
					mu.Unlock()
					time.Sleep(work)
				}
			}
		})
	}
	time.Sleep(5 * work)
	for range 10 {
		begin := time.Now()
		if err := h.inPlace(t.Context(), "honest", func() error { return nil }); err != nil || time.Since(begin) > 25*work {
			t.Errorf("from elsewhere: %v after %v", err, time.Since(begin))
		}
	}
	all.Wait()
	if most != 1 || refused == 0 {
		t.Errorf("%d of one address were computed at once, %d refused", most, refused)
	}
	if len(h.lines) != 0 {
		t.Errorf("%d lines are kept of nobody", len(h.lines))
	}
	failed := errors.New("failed")
	if err := h.inPlace(t.Context(), "honest", func() error { return failed }); !errors.Is(err, failed) {
		t.Error(err)
	}
}
