package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"wangge/internal/fault"
	"wangge/migrations"
)

var _ = fault.Register(
	[3]string{"db.migrate.newer",
		"The database is at schema version {database}, this program knows {program}: install the newer wangge.",
		"数据库的结构版本为 {database}，本程序只支持到 {program}：请安装更新版本的 wangge。"},
	[3]string{"db.migrate.failed",
		"Migration {file} failed and was rolled back: {detail}.",
		"迁移 {file} 失败，已回滚：{detail}。"},
	[3]string{"db.migrate.noRight",
		"{user} may not make tables in database {database}: a superuser must run psql -c 'ALTER DATABASE {database} OWNER TO {user}'.",
		"{user} 无权在数据库 {database} 中建表：请由超级用户运行 psql -c 'ALTER DATABASE {database} OWNER TO {user}'。"},
	[3]string{"db.migrate.loses",
		"Taking {file} back removes what cannot be made anew ({what}): back the database up, and repeat it with --lose-data if that is meant.",
		"回退 {file} 将删除无法恢复的数据（{what}）：请先备份数据库，确认后加 --lose-data 重新执行。"},
	[3]string{"db.migrate.atStart",
		"There is no migration to take back.",
		"没有可回退的迁移。"},
)

// Migration is one numbered file, and when it was applied.
type Migration struct {
	Version int64
	File    string
	Applied time.Time // zero where it is pending
}

// MigrateUp applies what is pending and returns it. Servers that start at once do not collide: one migrates, the
// others wait for it. A database newer than this program is refused.
func MigrateUp(ctx context.Context, pool *pgxpool.Pool) ([]Migration, error) {
	return migrateUp(ctx, pool, migrations.FS)
}

// lost is what goes for good, by the migration that is taken back: whose rows no file and no command makes anew.
var lost = map[int64][]string{
	4:  {"worker"},
	9:  {"board_print"},
	10: {"worker_photo WHERE name IS NOT NULL"},
	14: {"account"},
	15: {"audit_entry"},
	16: {"resident", "household_form"},
	17: {"account WHERE provider_name IS NOT NULL"},
}

// AuditSince is the migration that makes the audit's table: before it nothing can be noted.
const AuditSince = 15

// MigrateDown takes the latest migration back, with what is stored in its tables. CONFLICT: something would be lost that cannot be made anew, and lose does not say that it may be.
func MigrateDown(ctx context.Context, pool *pgxpool.Pool, lose bool) (Migration, error) {
	return migrateDown(ctx, pool, migrations.FS, lose)
}

// loses refuses to lose what cannot be made anew with a migration: it says how much of what, and nothing of whom.
func loses(ctx context.Context, pool *pgxpool.Pool, version int64, file string) error {
	var what []string
	for _, rows := range lost[version] {
		var n int
		if err := pool.QueryRow(ctx, "SELECT count(*) FROM "+rows).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			table, _, _ := strings.Cut(rows, " ")
			what = append(what, fmt.Sprintf("%s: %d", table, n))
		}
	}
	if len(what) == 0 {
		return nil
	}
	return fault.New(fault.Conflict, "", "db.migrate.loses", "file", file, "what", strings.Join(what, ", "))
}

// MigrationStatus lists all migrations, oldest first.
func MigrationStatus(ctx context.Context, pool *pgxpool.Pool) ([]Migration, error) {
	var list []Migration
	err := withProvider(pool, migrations.FS, func(p *goose.Provider) error {
		all, err := p.Status(ctx)
		for _, m := range all {
			list = append(list, Migration{m.Source.Version, path.Base(m.Source.Path), m.AppliedAt})
		}
		return err
	})
	return list, err
}

func migrateUp(ctx context.Context, pool *pgxpool.Pool, files fs.FS) ([]Migration, error) {
	var done []Migration
	err := withProvider(pool, files, func(p *goose.Provider) error {
		current, known, err := p.GetVersions(ctx)
		if err != nil {
			return err
		}
		if current > known {
			return fault.New(fault.Unavailable, "", "db.migrate.newer", "database", current, "program", known)
		}
		results, err := p.Up(ctx)
		var part *goose.PartialError
		if errors.As(err, &part) {
			results = part.Applied
		}
		done = applied(results)
		return err
	})
	if len(done) > 0 {
		pool.Reset() // plans prepared on the old tables would fail once each
	}
	return done, err
}

func migrateDown(ctx context.Context, pool *pgxpool.Pool, files fs.FS, lose bool) (Migration, error) {
	var done Migration
	err := withProvider(pool, files, func(p *goose.Provider) error {
		current, err := p.GetDBVersion(ctx)
		if err != nil {
			return err
		}
		for _, of := range p.ListSources() {
			if of.Version == current && !lose {
				if err := loses(ctx, pool, current, path.Base(of.Path)); err != nil {
					return err
				}
			}
		}
		result, err := p.Down(ctx)
		if errors.Is(err, goose.ErrNoNextVersion) {
			return fault.New(fault.NotFound, "", "db.migrate.atStart")
		}
		if err == nil {
			done = Migration{Version: result.Source.Version, File: path.Base(result.Source.Path)}
		}
		return err
	})
	pool.Reset()
	return done, err
}

func applied(results []*goose.MigrationResult) []Migration {
	now := time.Now()
	list := make([]Migration, 0, len(results))
	for _, r := range results {
		list = append(list, Migration{r.Source.Version, path.Base(r.Source.Path), now})
	}
	return list
}

// withProvider runs do on connections beside the pool's: a migration may take longer than a request.
func withProvider(pool *pgxpool.Pool, files fs.FS, do func(*goose.Provider) error) error {
	config := pool.Config().ConnConfig
	config.RuntimeParams["statement_timeout"] = "0"
	database := stdlib.OpenDB(*config)
	defer database.Close() // its idle connections; nothing is left to be written
	p, err := provider(database, files)
	if err != nil {
		return err
	}
	err = do(p)
	var known *fault.Error
	if err == nil || errors.As(err, &known) || errors.Is(err, context.Canceled) {
		return err
	}
	var pg *pgconn.PgError
	detail := err.Error()
	if errors.As(err, &pg) {
		detail = pg.Message
		if pg.Code == "42501" {
			return refuse(config, err, "db.migrate.noRight")
		}
	}
	var part *goose.PartialError
	if errors.As(err, &part) {
		return refuse(config, err, "db.migrate.failed", "file", path.Base(part.Failed.Source.Path), "detail", detail)
	}
	return connectFault(config, err)
}

func provider(database *sql.DB, files fs.FS) (*goose.Provider, error) {
	// It asks for the lock once a second, for up to ten minutes: a statement that waited in the server instead would
	// be waited for by CREATE INDEX CONCURRENTLY, for ever.
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 600))
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, database, files,
		goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
}
