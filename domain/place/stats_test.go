package place

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"wangge/domain/account"
)

// slowCells is a store whose cells are counted once that is let.
type slowCells struct {
	Store
	asked   chan struct{}
	let     chan error
	counted atomic.Int32
}

func (s *slowCells) Do(ctx context.Context, _ account.Actor, fn func(context.Context) error) error {
	return fn(ctx)
}
func (s *slowCells) NewestOfCounts(context.Context, account.Actor) (int64, error) { return 7, nil }
func (s *slowCells) Cells(context.Context, account.Actor) (divisions, grids []Cell, err error) {
	s.asked <- struct{}{}
	err = <-s.let
	s.counted.Add(1)
	return nil, []Cell{{ID: uuid.UUID{1}, Households: 5}}, err
}

// TestCellsAreCountedOnce: of many who ask after a change one counts; who gives up waiting leaves; where counting failed the next
// one counts.
func TestCellsAreCountedOnce(t *testing.T) {
	store := &slowCells{asked: make(chan struct{}), let: make(chan error)}
	s := &Service{Store: store}
	found := make(chan error, 10)
	ask := func(ctx context.Context) {
		hidden, err := s.HiddenGrids(ctx, account.Anyone())
		if err == nil && (len(hidden) != 1 || hidden[0] != uuid.UUID{1}) {
			err = errors.New("something else is hidden")
		}
		found <- err
	}
	go ask(t.Context())
	<-store.asked
	ctx, leave := context.WithCancel(t.Context())
	leave()
	ask(ctx) // would wait for good
	if err := <-found; !errors.Is(err, context.Canceled) {
		t.Fatalf("who left was answered %v", err)
	}
	for range 4 {
		go ask(t.Context())
	}
	broken := errors.New("broken")
	store.let <- broken
	if err := <-found; !errors.Is(err, broken) {
		t.Errorf("counting failed, and the answer is %v", err)
	}
	<-store.asked
	store.let <- nil
	for range 4 {
		if err := <-found; err != nil {
			t.Error(err)
		}
	}
	if n := store.counted.Load(); n != 2 {
		t.Errorf("counted %d times", n)
	}
}
