package ops

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/internal/answer"
	"wangge/internal/fault"
)

// Check is one thing that must hold before the server can answer.
type Check struct {
	Name string
	Run  func(ctx context.Context) error
}

const (
	checkTimeout = 2 * time.Second
	checkEvery   = 500 * time.Millisecond // probes of several machines at once ask the database once
)

// Live answers GET /livez: the process runs.
func Live() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		writeJSON(w, http.StatusOK, map[string]any{"live": true})
	})
}

var _ = fault.Register(
	[3]string{"ops.readyFor", "/readyz knows for=residents and nothing else.", "/readyz 的 for 只能是 residents。"},
)

// Ready answers GET /readyz: 200 where every check holds, else 503. It says which fails; why is for the log. asOf is when the data
// in memory was last known to be current, and whether it is: it is told where it is not, and how many seconds ago that was.
//
// /readyz?for=residents asks whether residents are answered, which is so from when the data is in memory, with or without the
// database: memory behind a database that answers is passed by. It is for balancers, which would else take every server away at once when the database is.
func Ready(log *slog.Logger, asOf func() (at time.Time, current bool), checks ...Check) http.Handler {
	var mu sync.Mutex
	var asked time.Time
	var ready bool
	var results map[string]string
	all := func(ctx context.Context) (bool, map[string]string) {
		mu.Lock()
		defer mu.Unlock()
		if time.Since(asked) > checkEvery {
			// Not the request's context: its sender's impatience says nothing of the database.
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTimeout)
			defer cancel()
			ready, results = run(ctx, log, checks)
			asked = time.Now()
		}
		return ready, results
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var ready bool
		var results map[string]string
		switch r.URL.Query().Get("for") {
		case "":
			ready, results = all(r.Context())
		case "residents":
			ready, results = run(r.Context(), log, []Check{loaded(asOf)})
		default:
			answer.Refuse(r, log, fault.New(fault.Invalid, "for", "ops.readyFor")).Write(w, r)
			return
		}
		status := http.StatusOK
		if !ready {
			status = http.StatusServiceUnavailable
		}
		w.Header().Set("Cache-Control", "no-store")
		body := map[string]any{"ready": ready, "checks": results}
		if at, current := asOf(); !current && !at.IsZero() {
			body["dataAsOf"], body["dataAgeS"] = at.UTC().Format(time.RFC3339), int(time.Since(at).Seconds())
		}
		writeJSON(w, status, body)
	})
}

func run(ctx context.Context, log *slog.Logger, checks []Check) (bool, map[string]string) {
	ready, results := true, make(map[string]string, len(checks))
	for _, c := range checks {
		results[c.Name] = "ok"
		if err := c.Run(ctx); err != nil {
			ready, results[c.Name] = false, "failed"
			log.WarnContext(ctx, "not ready", "check", c.Name, "error", fault.As(err).Error())
		}
	}
	return ready, results
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the sender may be gone
}

// Database holds while pool reaches a server.
func Database(pool *pgxpool.Pool) Check {
	return Check{"database", pool.Ping}
}

// Coverage holds once the grids are in memory, unless they are not kept current there though the database answers; asOf is as in
// Ready. That they are of a while ago since the database is away, its check says.
func Coverage(asOf func() (at time.Time, current bool), behind func() bool) Check {
	return Check{"coverage", func(ctx context.Context) error {
		if behind() {
			return errors.New("what is in memory is behind the database")
		}
		return loaded(asOf).Run(ctx)
	}}
}

// loaded is the part of Coverage that residents need.
func loaded(asOf func() (at time.Time, current bool)) Check {
	return Check{"coverage", func(context.Context) error {
		if at, _ := asOf(); at.IsZero() {
			return errors.New("nothing is loaded")
		}
		return nil
	}}
}

// Schema holds while the database's tables are at version newest: not before a migration, not after one that only a
// newer program knows.
func Schema(pool *pgxpool.Pool, newest int64) Check {
	return Check{"migrations", func(ctx context.Context) error {
		var at int64
		err := pool.QueryRow(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`).Scan(&at)
		if err == nil && at != newest {
			err = fmt.Errorf("the tables are at version %d, this program is made for %d", at, newest)
		}
		return err
	}}
}
