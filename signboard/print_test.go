package signboard

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/place"
	"wangge/internal/fault"
)

type gone struct{ Grids }

func (gone) OfCommunity(context.Context, account.Actor, uuid.UUID) ([]grid.Grid, error) {
	return []grid.Grid{{Code: "1"}, {Code: "2"}, {Code: "3"}}, nil
}

func (gone) ByCode(context.Context, account.Actor, string, *time.Time, grid.Fields) (grid.Grid, error) {
	return grid.Grid{}, fault.New(fault.NotFound, "code", "board.noGrid")
}

type here struct{ Places }

func (here) ByCode(context.Context, account.Actor, string, place.Fields) (place.Division, error) {
	return place.Division{}, nil
}

func (here) InOneState(ctx context.Context, _ account.Actor, fn func(context.Context) error) error {
	return fn(ctx)
}

// Grids that vanish while others are printed are told, each; where all did there is no file.
func TestPrintingGridsThatVanish(t *testing.T) {
	path := filepath.Join(t.TempDir(), "all.pdf")
	var told []int
	out, err := Print(t.Context(), account.TheOperator(), &Source{Grids: gone{}, Places: here{}}, fonts(t), Job{File: path, Format: Format{Size: "a3"},
		Progress: func(done, total int) { told = append(told, done, total) }})
	if !fault.Is(err, fault.NotFound) || !slices.Equal(out.Gone, []string{"1", "2", "3"}) || !slices.Equal(told, []int{1, 3, 2, 3, 3, 3}) {
		t.Errorf("%+v, told %v, %v", out, told, err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) > 0 {
		t.Errorf("%v are left, %v", left, err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
