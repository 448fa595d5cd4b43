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

// What a run that was killed left beside the file is taken away, and nothing else.
func TestPrintingSweepsWhatAKilledRunLeft(t *testing.T) {
	folder := t.TempDir()
	for name, age := range map[string]time.Duration{".boards-1.pdf": 25 * time.Hour, ".boards-2.pdf": 23 * time.Hour, "boards-3.pdf": 25 * time.Hour, ".boards-4.pdf.bak": 25 * time.Hour} {
		path, then := filepath.Join(folder, name), time.Now().Add(-age)
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chtimes(path, then, then)); err != nil {
			t.Fatal(err)
		}
	}
	old := time.Now().Add(-25 * time.Hour)
	if err := errors.Join(os.Mkdir(filepath.Join(folder, ".boards-5.pdf"), 0o700), os.Chtimes(filepath.Join(folder, ".boards-5.pdf"), old, old),
		os.Symlink("nowhere", filepath.Join(folder, ".boards-6.pdf"))); err != nil {
		t.Fatal(err)
	}
	_, _ = Print(t.Context(), account.TheOperator(), &Source{Grids: gone{}, Places: here{}}, fonts(t), Job{File: filepath.Join(folder, "all.pdf"), Format: Format{Size: "a3"}})
	var left []string
	list, err := os.ReadDir(folder)
	for _, entry := range list {
		left = append(left, entry.Name())
	}
	if want := []string{".boards-2.pdf", ".boards-4.pdf.bak", ".boards-5.pdf", ".boards-6.pdf", "boards-3.pdf"}; err != nil || !slices.Equal(left, want) {
		t.Errorf("%v are left, want %v; %v", left, want, err)
	}
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
