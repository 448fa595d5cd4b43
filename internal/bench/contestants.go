package main

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/vektah/gqlparser/v2/ast"

	"wangge/internal/bench/gqlconst"
)

// The others. Each runs as a process of its own: this program again, as "contestant NAME".
const (
	contestantMode = "contestant"

	trivial   = "trivial"   // net/http: a constant JSON as long as the answer of /where
	sameBytes = "samebytes" // net/http: the very bytes and headers of an answer of ours
	gqlConst  = "gqlconst"  // gqlgen: a constant to the same document
	gqlSQL    = "gqlsql"    // gqlgen: one statement a request through pgxpool
	httpSQL   = "httpsql"   // net/http: the same statement without GraphQL
)

// spotSQL is the question of a spot as one statement: the grid that covers it with its worker.
const spotSQL = `SELECT g.code, g.name, w.name, w.work_phone
FROM grid_boundary b JOIN grid g ON g.district = b.district AND g.id = b.grid_id
LEFT JOIN assignment a ON a.district = g.district AND a.area_id = g.id AND (a.post = 'GRID_WORKER' AND a.cover = 'A' AND a.during @> current_date) IS TRUE
LEFT JOIN worker w ON w.district = a.district AND w.id = a.worker_id
WHERE b.boundary && ST_SetSRID(ST_MakePoint($1, $2), 4490) AND b.during @> now() AND ST_Covers(b.boundary, ST_SetSRID(ST_MakePoint($1, $2), 4490))
ORDER BY g.code LIMIT 1`

// answerOf is what samebytes repeats.
type answerOf struct {
	Header http.Header
	Body   []byte
}

// contestant serves until ctx ends.
func contestant(ctx context.Context, args []string, out io.Writer) error {
	f := flag.NewFlagSet(contestantMode, flag.ContinueOnError)
	length := f.Int("length", 0, "trivial: bytes")
	answer := f.String("answer", "", "samebytes, sametiles: file with the answer, or those by path")
	database := f.String("database", "", "gqlsql, httpsql, tilesql: address")
	if len(args) == 0 {
		return errors.New("which contestant?")
	}
	if err := f.Parse(args[1:]); err != nil {
		return err
	}
	mux := http.NewServeMux()
	switch args[0] {
	case trivial:
		b := []byte(`{"text":"` + strings.Repeat("x", max(0, *length-12)) + "\"}\n")
		mux.HandleFunc("GET /where", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json; charset=utf-8")
			w.Write(b)
		})
	case sameBytes:
		b, err := os.ReadFile(*answer)
		if err != nil {
			return err
		}
		var a answerOf
		if err := json.Unmarshal(b, &a); err != nil {
			return err
		}
		mux.HandleFunc("POST /graphql", func(w http.ResponseWriter, r *http.Request) {
			for k, v := range a.Header {
				w.Header()[k] = v
			}
			w.Write(a.Body)
		})
	case sameTiles:
		b, err := os.ReadFile(*answer)
		if err != nil {
			return err
		}
		var by map[string]answerOf
		if err := json.Unmarshal(b, &by); err != nil {
			return err
		}
		mux.HandleFunc("GET /tiles/", func(w http.ResponseWriter, r *http.Request) {
			a, ok := by[r.URL.Path]
			if !ok {
				http.NotFound(w, r)
				return
			}
			for k, v := range a.Header {
				w.Header()[k] = v
			}
			w.Write(a.Body)
		})
	case gqlConst:
		mux.Handle("POST /graphql", plainGqlgen(func(context.Context, float64, float64) (*gqlconst.GridMatch, error) {
			return constantMatch, nil
		}))
	case tileSQL:
		pool, err := pgxpool.New(ctx, *database+"&pool_max_conns=16")
		if err != nil {
			return err
		}
		defer pool.Close()
		mux.HandleFunc("GET /tiles/{layer}/{z}/{x}/{file}", plainTile(pool))
	case gqlSQL, httpSQL:
		pool, err := pgxpool.New(ctx, *database+"&pool_max_conns=16")
		if err != nil {
			return err
		}
		defer pool.Close()
		if args[0] == gqlSQL {
			mux.Handle("POST /graphql", plainGqlgen(func(ctx context.Context, lng, lat float64) (*gqlconst.GridMatch, error) {
				return fromSQL(ctx, pool, lng, lat)
			}))
			break
		}
		mux.HandleFunc("GET /where", func(w http.ResponseWriter, r *http.Request) {
			q := r.URL.Query()
			lng, lngErr := strconv.ParseFloat(q.Get("lng"), 64)
			lat, latErr := strconv.ParseFloat(q.Get("lat"), 64)
			match, err := fromSQL(r.Context(), pool, lng, lat)
			if err := errors.Join(lngErr, latErr, err); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			w.Header().Set("Content-Type", "application/json; charset=utf-8")
			json.NewEncoder(w).Encode(match)
		})
	default:
		return fmt.Errorf("no contestant %q", args[0])
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: mux}
	go func() {
		<-ctx.Done()
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		server.Shutdown(ctx)
	}()
	fmt.Fprintf(out, "listening on http://%s\n", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// plainTile answers a tile with what one statement makes of it, gzipped where that is accepted.
func plainTile(pool *pgxpool.Pool) http.HandlerFunc {
	statements := map[string]string{}
	for name, l := range tileLayers {
		statements[name] = l.plainTile(name)
	}
	return func(w http.ResponseWriter, r *http.Request) {
		z, zErr := strconv.Atoi(r.PathValue("z"))
		x, xErr := strconv.Atoi(r.PathValue("x"))
		y, yErr := strconv.Atoi(strings.TrimSuffix(r.PathValue("file"), ".mvt"))
		var tile []byte
		// Planned for the tile: the plan for any tile whatever, which PostgreSQL would turn to, takes many times as long.
		err := pool.QueryRow(r.Context(), statements[r.PathValue("layer")], pgx.QueryExecModeCacheDescribe, z, x, y).Scan(&tile)
		if err := errors.Join(zErr, xErr, yErr, err); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/vnd.mapbox-vector-tile")
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			w.Write(tile)
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		zipper := gzip.NewWriter(w)
		zipper.Write(tile)
		zipper.Close()
	}
}

// plainGqlgen is gqlgen as its documentation sets it up.
func plainGqlgen(answer func(ctx context.Context, lng, lat float64) (*gqlconst.GridMatch, error)) http.Handler {
	s := handler.New(gqlconst.NewExecutableSchema(gqlconst.Config{Resolvers: &gqlconst.Resolver{Answer: answer}}))
	s.AddTransport(transport.POST{})
	s.SetQueryCache(lru.New[*ast.QueryDocument](1000))
	return s
}

var constantMatch = &gqlconst.GridMatch{Rule: gqlconst.MatchRuleContains, Grid: &gqlconst.Grid{Code: "990101001001001", Name: "听雨苑网格",
	Worker: &gqlconst.Worker{Name: "王小明", WorkPhone: new("0571-000000")}}}

func fromSQL(ctx context.Context, pool *pgxpool.Pool, lng, lat float64) (*gqlconst.GridMatch, error) {
	var code, name string
	var worker, phone *string
	err := pool.QueryRow(ctx, spotSQL, lng, lat).Scan(&code, &name, &worker, &phone)
	if errors.Is(err, pgx.ErrNoRows) {
		return &gqlconst.GridMatch{Rule: gqlconst.MatchRuleNone}, nil
	}
	if err != nil {
		return nil, err
	}
	match := &gqlconst.GridMatch{Rule: gqlconst.MatchRuleContains, Grid: &gqlconst.Grid{Code: code, Name: name}}
	if worker != nil {
		match.Grid.Worker = &gqlconst.Worker{Name: *worker, WorkPhone: phone}
	}
	return match, nil
}
