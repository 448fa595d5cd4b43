package db_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/encoding/wkt"
	"github.com/paulmach/orb/geojson"

	"wangge/db"
	"wangge/domain/account"
	"wangge/internal/fault"
	"wangge/internal/testdb"
)

var storedLayers = []string{"buildings", "roads", "land"}

// plantCity plants testdata/tiles_many.sql.
func plantCity(t testing.TB) *pgxpool.Pool {
	t.Helper()
	sql, err := os.ReadFile("testdata/tiles_many.sql")
	if err != nil {
		t.Fatal(err)
	}
	pool := testdb.New(t)
	if _, err := pool.Exec(t.Context(), string(sql)); err != nil {
		t.Fatal(err)
	}
	return pool
}

// encoded is the vector tile of layers, without the buildings that are to be drawn.
func encoded(t testing.TB, s *db.Tiles, layers []string, z, x, y uint32, cut uint8) (mvt.Layers, []byte) {
	t.Helper()
	_, data, err := s.Stored(context.Background(), account.Anyone(), layers, z, x, y, planted, cut)
	if err != nil {
		t.Fatal(err)
	}
	read, err := mvt.Unmarshal(data)
	if err != nil {
		t.Fatal(err)
	}
	return read, data
}

// turns keeps what was sent, and when the client waited for an answer.
type turns struct {
	mu   sync.Mutex
	sent []pgx.TraceBatchQueryData
	ends int
}

func (s *turns) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ends++
	return ctx
}
func (*turns) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
func (*turns) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return ctx
}
func (s *turns) TraceBatchQuery(_ context.Context, _ *pgx.Conn, d pgx.TraceBatchQueryData) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, d)
}
func (s *turns) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ends++
}

// What is stored of a tile is asked for in one turn, in a transaction that knows who asks, by plans that suit every tile.
func TestStoredIsOneTurnThatUsesTheIndexes(t *testing.T) {
	trace := &turns{}
	pool, err := db.Open(t.Context(), testdb.URL(t), db.Options{Tracer: trace})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	city, err := os.ReadFile("testdata/tiles_many.sql")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), string(city)); err != nil {
		t.Fatal(err)
	}
	for _, z := range []uint32{14, 16} {
		for cut := range uint8(4) {
			trace.sent, trace.ends = nil, 0
			if _, _, err := tilesOn(pool).Stored(t.Context(), account.Anyone(), storedLayers, z, 13667<<(z-14), 6702<<(z-14), planted, cut); err != nil {
				t.Fatal(err)
			}
			statements, indexes := 1, []string{"building_shape_3857", "road_shape_3857", "land_shape_3857"}
			if cut < 2 { // buildings are read
				statements, indexes = 2, append(indexes, "building_grid_building")
			}
			var reads []pgx.TraceBatchQueryData
			var all []string
			for _, s := range trace.sent {
				all = append(all, s.SQL)
				if strings.HasPrefix(s.SQL, "-- name: ") {
					reads = append(reads, s)
				}
			}
			if text := strings.Join(all, ";"); trace.ends != 1 || !strings.HasPrefix(text, "BEGIN") || !strings.HasSuffix(text, ";COMMIT") ||
				!strings.Contains(text, "SET LOCAL wangge.role = 'public'") || len(reads) != statements {
				t.Fatalf("%d turns: %s", trace.ends, text)
			}
			tx, err := pool.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			// One table is empty: without this the planner would rightly read it through.
			if _, err := tx.Exec(t.Context(), `SET LOCAL enable_seqscan = off; SET LOCAL plan_cache_mode = force_generic_plan`); err != nil {
				t.Fatal(err)
			}
			var plan string
			for _, read := range reads {
				lines, err := tx.Query(t.Context(), `EXPLAIN `+read.SQL, read.Args...)
				if err != nil {
					t.Fatal(err)
				}
				rows, err := pgx.CollectRows(lines, pgx.RowTo[string])
				if err != nil {
					t.Fatal(err)
				}
				plan += strings.Join(rows, "\n") + "\n"
			}
			for _, index := range indexes {
				if !strings.Contains(plan, index) {
					t.Errorf("zoom %d, %d left out: index %s is not used in\n%s", z, cut, index, plan)
				}
			}
			if !regexp.MustCompile(`Index Cond: .*shape_3857 &&`).MatchString(plan) {
				t.Errorf("no index condition in\n%s", plan)
			}
			tx.Rollback(context.Background())
		}
	}
}

func TestWhatIsLeftOut(t *testing.T) {
	_, tiles := plantTiles(t)
	tests := []struct {
		layer, want string
		cut         uint8
	}{
		{"roads", `
LineString class=primary id=dist1-00000000000000000000000000000091
LineString class=residential id=dist1-00000000000000000000000000000092
LineString class=minor_road id=dist2-00000000000000000000000000000094`, 1},
		{"roads", `
LineString class=primary id=primary`, 3},
		{"land", `
Polygon class=water id=dist1-000000000000000000000000000000a1
Polygon class=park id=dist1-000000000000000000000000000000a2`, 1},
	}
	for _, test := range tests {
		read, _ := encoded(t, tiles, []string{test.layer}, 14, 13667, 6702, test.cut)
		if got, want := rows(read, test.layer), strings.TrimPrefix(test.want, "\n"); got != want {
			t.Errorf("%s, %d left out:\n%s\nwant\n%s", test.layer, test.cut, got, want)
		}
	}
}

// Each step leaves a city's tile shorter (one that is coarser of what is simple already about as long), draws what is valid, and tells the same each time.
func TestEachStepIsShorter(t *testing.T) {
	pool := plantCity(t)
	tiles := tilesOn(pool)
	for _, z := range []uint32{14, 16} {
		for _, layer := range []string{"buildings", "roads", "land"} {
			var was int
			x, y := tileAt(120.332, 31.032, z)
			for cut := range uint8(4) {
				if layer == "buildings" && cut < 2 { // they are drawn elsewhere
					continue
				}
				read, data := encoded(t, tiles, []string{layer}, z, x, y, cut)
				if _, again := encoded(t, tiles, []string{layer}, z, x, y, cut); string(again) != string(data) {
					t.Errorf("%s, %d left out at zoom %d: other bytes the second time", layer, cut, z)
				}
				if layer != "land" && (was > 0 && len(data) > was+was/100 || cut%2 == 1 && len(data) == was || len(data) == 0) {
					t.Errorf("%s, %d left out at zoom %d: %d bytes, where it had %d", layer, cut, z, len(data), was)
				}
				was = len(data)
				count := 0.0
				for _, l := range read {
					for _, f := range l.Features {
						var valid bool
						if err := pool.QueryRow(t.Context(), `SELECT ST_IsValid(ST_GeomFromText($1))`, wkt.MarshalString(f.Geometry)).Scan(&valid); err != nil || !valid {
							t.Fatalf("%s, %d left out at zoom %d: %s is not valid (%v)", layer, cut, z, wkt.MarshalString(f.Geometry), err)
						}
						if n, ok := f.Properties["count"].(float64); ok {
							count += n
						}
					}
				}
				if layer == "buildings" && cut == 3 {
					side := 360 / math.Exp2(float64(z))
					west := float64(x)*side - 180
					lat := func(y float64) float64 {
						return math.Atan(math.Sinh(math.Pi*(1-2*y/math.Exp2(float64(z))))) * 180 / math.Pi
					}
					var want float64
					err := pool.QueryRow(t.Context(), `SELECT count(*)::float8 FROM building WHERE ST_X(location) >= $1 AND ST_X(location) < $2 AND ST_Y(location) <= $3 AND ST_Y(location) > $4`,
						west, west+side, lat(float64(y)), lat(float64(y)+1)).Scan(&want)
					if err != nil || count != want || want < 10 {
						t.Errorf("zoom %d: %v buildings are told, there are %v (%v)", z, count, want, err)
					}
				}
			}
		}
	}
}

// A statement that fails leaves its connection usable, and says nothing of where.
func TestStoredFails(t *testing.T) {
	pool, err := db.Open(t.Context(), testdb.URL(t), db.Options{StatementTimeout: 200 * time.Millisecond, MaxConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	tiles := tilesOn(pool)
	ask := func(ctx context.Context) error {
		_, _, err := tiles.Stored(ctx, account.Anyone(), []string{"buildings"}, 16, 54669, 26808, planted, 0)
		return err
	}
	lock, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock.Exec(t.Context(), `LOCK TABLE building IN ACCESS EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	made := pool.Stat().NewConnsCount()
	for range 3 {
		if err := ask(t.Context()); !fault.Is(err, fault.Unavailable) || strings.Contains(fmt.Sprint(err), "54669") {
			t.Errorf("it took too long: %v", err)
		}
	}
	if n := pool.Stat().NewConnsCount() - made; n > 1 {
		t.Errorf("%d connections were opened anew", n)
	}
	ctx, leave := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer leave()
	if err := ask(ctx); err == nil {
		t.Error("the client left, and it went on")
	}
	if err := lock.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := ask(t.Context()); err != nil {
			t.Errorf("after that: %v", err)
		}
	}
	if _, _, err := tiles.Stored(t.Context(), account.Actor{}, []string{"buildings"}, 16, 1, 1, planted, 0); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("nobody asks: %v", err)
	}
}

func BenchmarkStored(b *testing.B) {
	tiles := tilesOn(plantCity(b))
	for _, z := range []uint32{14, 16} {
		x, y := tileAt(120.332, 31.032, z)
		for _, layers := range [][]string{{"buildings"}, storedLayers} {
			for cut := range uint8(4) {
				b.Run(fmt.Sprintf("%s/%d/%d", strings.Join(layers, "+"), z, cut), func(b *testing.B) {
					for b.Loop() {
						if _, _, err := tiles.Stored(b.Context(), account.Anyone(), layers, z, x, y, planted, cut); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}

// The number of a feature is that of its id (tile.FeatureID), stored or not.
func TestFeaturesAreNumbered(t *testing.T) {
	_, tiles := plantTiles(t)
	for _, z := range []uint32{14, 16} {
		count := 0
		for cut := range uint8(4) {
			buildings, data, err := tiles.Stored(t.Context(), account.Anyone(), storedLayers, z, 13667<<(z-14), 6702<<(z-14), planted, cut)
			if err != nil {
				t.Fatal(err)
			}
			read, err := mvt.Unmarshal(data)
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range buildings {
				read = append(read, mvt.NewLayer("buildings", &geojson.FeatureCollection{Features: []*geojson.Feature{
					{ID: float64(b.Feature), Properties: geojson.Properties{"id": b.Key.String()}}}}))
			}
			for _, l := range read {
				for _, f := range l.Features {
					id, _ := f.Properties["id"].(string)
					sum := sha256.Sum256([]byte(id))
					if want := float64(binary.BigEndian.Uint64(sum[:8]) >> 11); f.ID != want {
						t.Errorf("zoom %d, %d left out: %s %s has the number %v, want %v", z, cut, l.Name, id, f.ID, want)
					}
					count++
				}
			}
		}
		if count < 4 {
			t.Errorf("zoom %d: %d features", z, count)
		}
	}
}
