package db

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"path"
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

// MigrateDown takes the latest migration back, with what is stored in its tables.
func MigrateDown(ctx context.Context, pool *pgxpool.Pool) (Migration, error) {
	return migrateDown(ctx, pool, migrations.FS)
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

func migrateDown(ctx context.Context, pool *pgxpool.Pool, files fs.FS) (Migration, error) {
	var done Migration
	err := withProvider(pool, files, func(p *goose.Provider) error {
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
