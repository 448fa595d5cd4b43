// Package acceptance holds the tests that walk through the whole house: real files in, real answers out, with PostGIS as the
// judge. It has no code of its own.
package acceptance

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/album"
	"wangge/db"
	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/internal/testdb"
	"wangge/load"
)

var operator = account.TheOperator()

// allGrids lists all the grids of a test.
var allGrids = grid.Query{Order: grid.ByCode, Args: page.Args{First: 10_000}, At: time.Now().Add(time.Hour)}

// town is a database of a test's own with the services over it.
type town struct {
	*db.DB
	load.Services
}

func newTown(t testing.TB) *town {
	t.Helper()
	d := db.New(testdb.New(t))
	return &town{DB: d, Services: load.Services{
		Places: &place.Service{Store: db.NewPlaces(d), Now: time.Now},
		Grids:  &grid.Service{Store: db.NewGrids(d), Now: time.Now, NearestLimitM: 300},
		Staff:  &staff.Service{Store: db.NewStaff(d), Now: time.Now, Zone: time.FixedZone("CST", 8*3600), IDs: key.Random{}, Pictures: album.Folder(t.TempDir())},
	}}
}

// data is the path of a file of the real data, which lies beside the project; the test is skipped where it does not.
func data(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join("..", "..", "..", "shared", "data", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the real data is not here: %v", err)
	}
	return path
}

// bring imports a file and fails the test where reading failed; what was refused is the caller's to judge.
func (w *town) bring(t testing.TB, job load.Job) place.Report {
	t.Helper()
	report, err := load.Import(t.Context(), operator, w.Services, job)
	if err != nil {
		t.Fatalf("import %s %s: %v", job.Kind, filepath.Base(job.Path), err)
	}
	return report
}

// mustBring is bring for a file that nothing of is refused.
func (w *town) mustBring(t testing.TB, job load.Job) place.Report {
	t.Helper()
	report := w.bring(t, job)
	for _, n := range report.Notes {
		if n.Kind == place.Refused {
			t.Fatalf("import %s %s refused %s: %s", job.Kind, filepath.Base(job.Path), n.Source, n.Reason)
		}
	}
	return report
}

// file writes a file for one test.
func file(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// row reads one row past the services.
func (w *town) row(t *testing.T, sql string, into ...any) {
	t.Helper()
	err := w.As(t.Context(), operator, func(ctx context.Context, tx pgx.Tx) error { return tx.QueryRow(ctx, sql).Scan(into...) })
	if err != nil {
		t.Fatal(err)
	}
}

func (w *town) division(t testing.TB, code string) place.Division {
	t.Helper()
	d, err := w.Places.ByCode(t.Context(), operator, code, place.Fields{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}
