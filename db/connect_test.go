package db_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/twpayne/go-geom"

	"wangge/db"
	"wangge/domain/account"
	"wangge/internal/fault"
	"wangge/internal/testdb"
)

const secret = "s3cret"

type queryCounter struct{ n atomic.Int64 }

func (c *queryCounter) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	c.n.Add(1)
	return ctx
}
func (c *queryCounter) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func TestOpen(t *testing.T) {
	ctx := context.Background()
	address := testdb.Empty(t)
	var counter queryCounter
	pool, err := db.Open(ctx, address, db.Options{Tracer: &counter, MaxConns: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	var name, timeout string
	err = pool.QueryRow(ctx, `SELECT current_setting('application_name'), current_setting('statement_timeout')`).
		Scan(&name, &timeout)
	if err != nil || name != "wangge" || timeout != "10s" || pool.Config().MaxConns != 3 || counter.n.Load() == 0 {
		t.Error(name, timeout, pool.Config().MaxConns, counter.n.Load(), err)
	}

	// An array of geometries goes in and comes out, which pgx-geom alone cannot do.
	points := []geom.T{point(121.5, 31.2), point(-0.00000001, 90)}
	var back []geom.T
	err = pool.QueryRow(ctx, `SELECT array_agg(g) FROM unnest($1::geometry[]) AS g`, points).Scan(&back)
	if err != nil || len(back) != 2 || fmt.Sprint(back[1].FlatCoords()) != "[-1e-08 90]" || back[0].SRID() != 4490 {
		t.Error(back, err)
	}

	joint := "?"
	if strings.Contains(address, "?") {
		joint = "&"
	}
	pool, err = db.Open(ctx, address+joint+"application_name=mine&statement_timeout=770&pool_max_conns=2",
		db.Options{ApplicationName: "not this", StatementTimeout: time.Hour, MaxConns: 9})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	err = pool.QueryRow(ctx, `SELECT current_setting('application_name'), current_setting('statement_timeout')`).
		Scan(&name, &timeout)
	if err != nil || name != "mine" || timeout != "770ms" || pool.Config().MaxConns != 2 {
		t.Error("the address must be stronger than the options:", name, timeout, pool.Config().MaxConns, err)
	}
	if _, err := pool.Exec(ctx, `SELECT pg_sleep(2)`); err == nil {
		t.Error("statement_timeout had no effect")
	}
}

func point(lng, lat float64) *geom.Point {
	return geom.NewPointFlat(geom.XY, []float64{lng, lat}).SetSRID(4490)
}

func TestOpenTwiceAtOnceAddsExtensions(t *testing.T) {
	address := bare(t, "")
	failed := make(chan error)
	for range 2 {
		go func() {
			pool, err := db.Open(context.Background(), address, db.Options{})
			if err == nil {
				pool.Close()
			}
			failed <- err
		}()
	}
	for range 2 {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
}

// bare is the address of a database without extensions in which script was run, for a superuser.
func bare(t *testing.T, script string) string {
	t.Helper()
	ctx := context.Background()
	address := asUser(t, testdb.Empty(t), "postgres")
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		t.Skip("needs a superuser without a password:", err)
	}
	defer conn.Close(ctx)
	for _, sql := range []string{`DROP EXTENSION postgis; DROP EXTENSION btree_gist`, script} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	return address
}

func asUser(t *testing.T, address, user string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(user)
	return u.String()
}

func TestOpenRefusesDatabase(t *testing.T) {
	for _, c := range []struct{ name, script, user, want string }{
		{"extension missing, no right to add it", ``, "wangge", "db.connect.noRight"},
		{"PostGIS in a schema not searched", `CREATE SCHEMA gis; CREATE EXTENSION postgis SCHEMA gis`,
			"wangge", "db.connect.searchPath"},
		{"old PostGIS", `CREATE EXTENSION postgis; UPDATE pg_extension SET extversion = '3.2.9' WHERE extname = 'postgis'`,
			"postgres", "db.connect.oldPostGIS"},
		{"no such role", ``, "stranger", "db.connect.notAllowed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			refused(t, asUser(t, bare(t, c.script), c.user), c.want)
		})
	}
	t.Run("text kept in another encoding", func(t *testing.T) {
		address := bare(t, `CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'`)
		t.Cleanup(func() {
			conn, err := pgx.Connect(context.Background(), address)
			if err == nil {
				_, err = conn.Exec(context.Background(), "DROP DATABASE latin")
				conn.Close(context.Background())
			}
			if err != nil {
				t.Error(err)
			}
		})
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		u.Path = "/latin"
		refused(t, u.String(), "db.connect.encoding")
	})
	t.Run("no such database", func(t *testing.T) {
		u, err := url.Parse(testdb.Empty(t))
		if err != nil {
			t.Fatal(err)
		}
		u.Path = "/nowhere"
		refused(t, u.String(), "db.connect.noDatabase")
	})
}

// refused checks that Open fails with the sentence key, complete in both languages and without the password.
func refused(t *testing.T, address, key string) {
	t.Helper()
	pool, err := db.Open(context.Background(), address, db.Options{ConnectTimeout: 300 * time.Millisecond})
	if err == nil {
		pool.Close()
		t.Fatal("not refused")
	}
	f := fault.As(err)
	if f.Code != fault.Unavailable || f.Key != key {
		t.Errorf("got %s %v, want %s", f.Key, err, key)
	}
	for _, text := range []string{err.Error(), f.Text(fault.English), f.Text(fault.Chinese), fmt.Sprintf("%#v", f.Args)} {
		if strings.Contains(text, "s3cr") {
			t.Errorf("shows the password: %s", text)
		}
		if strings.Contains(text, "{") && !strings.HasPrefix(text, "map") || text == key {
			t.Errorf("sentence is not complete: %s", text)
		}
	}
}

func TestOpenRefusesAddress(t *testing.T) {
	for _, address := range []string{
		"",
		" ",
		"postgres://u:" + secret + "@host:port/db",
		"postgres://u:s3cr/et@host/db",
		"postgres://a@u:s3cr:et@host/db",
		"postgres://u:" + secret + "@host/db?sslmode=perhaps",
		"postgres://u:" + secret + "@host/db?pool_max_conns=many",
		"postgres://u:" + secret + "@[::1/db",
		"user=u password=" + secret + " port=none",
		"user=u password = " + secret + " port=none", // which pgx itself would show
		"u:" + secret + "@host/db",
	} {
		t.Run(address, func(t *testing.T) { refused(t, address, "db.connect.address") })
	}
}

func TestOpenRefusesHost(t *testing.T) {
	t.Run("nothing listens", func(t *testing.T) {
		l := listen(t)
		l.Close()
		refused(t, "postgres://u:"+secret+"@"+l.Addr().String()+"/d", "db.connect.nothing")
	})
	t.Run("no socket", func(t *testing.T) {
		refused(t, "postgres://u:"+secret+"@/d?host="+t.TempDir(), "db.connect.nothing")
	})
	t.Run("unknown host", func(t *testing.T) {
		_, err := net.LookupHost("host.invalid")
		if dns := (*net.DNSError)(nil); !errors.As(err, &dns) || !dns.IsNotFound {
			t.Skip("no name service here:", err)
		}
		refused(t, "postgres://u:"+secret+"@host.invalid/d", "db.connect.noHost")
	})
	t.Run("silence", func(t *testing.T) {
		refused(t, "postgres://u:"+secret+"@"+listen(t).Addr().String()+"/d?sslmode=disable", "db.connect.timeout")
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_, err := db.Open(ctx, "postgres://u@"+listen(t).Addr().String()+"/d", db.Options{})
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// answering is a server that speaks just enough of the protocol to refuse, or to say which version it is.
func answering(t *testing.T, answer func(net.Conn, *pgproto3.Backend)) string {
	t.Helper()
	l := listen(t)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // the test has ended
			}
			go func() {
				defer conn.Close()
				answer(conn, pgproto3.NewBackend(conn, conn))
			}()
		}
	}()
	return "postgres://u:" + secret + "@" + l.Addr().String() + "/d"
}

func TestOpenRefusedByServer(t *testing.T) {
	for code, want := range map[string]string{
		"28P01": "db.connect.password",
		"28000": "db.connect.notAllowed",
		"53300": "db.connect.tooMany",
		"57P03": "db.connect.starting",
		"53100": "db.diskFull",
		"XX000": "db.connect.failed",
	} {
		t.Run(code, func(t *testing.T) {
			address := answering(t, func(_ net.Conn, b *pgproto3.Backend) {
				if _, err := b.ReceiveStartupMessage(); err != nil {
					return
				}
				b.Send(&pgproto3.ErrorResponse{Severity: "FATAL", Code: code, Message: "no"})
				b.Flush()
			})
			refused(t, address+"?sslmode=disable", want)
		})
	}
	t.Run("no TLS there", func(t *testing.T) {
		address := answering(t, func(conn net.Conn, b *pgproto3.Backend) {
			if _, err := b.ReceiveStartupMessage(); err == nil {
				conn.Write([]byte("N"))
			}
		})
		refused(t, address+"?sslmode=require", "db.connect.tls")
	})
	t.Run("unknown certificate", func(t *testing.T) {
		web := httptest.NewTLSServer(nil) // for its certificate, which nobody vouches for
		defer web.Close()
		address := answering(t, func(conn net.Conn, b *pgproto3.Backend) {
			if _, err := b.ReceiveStartupMessage(); err == nil {
				conn.Write([]byte("S"))
				tls.Server(conn, web.TLS).Handshake()
			}
		})
		refused(t, address+"?sslmode=verify-full", "db.connect.tls")
	})
	t.Run("old server", func(t *testing.T) {
		address := answering(t, oldServer)
		refused(t, address+"?sslmode=disable&default_query_exec_mode=simple_protocol", "db.connect.tooOld")
	})
}

func oldServer(_ net.Conn, b *pgproto3.Backend) {
	if _, err := b.ReceiveStartupMessage(); err != nil {
		return
	}
	b.Send(&pgproto3.AuthenticationOk{})
	for k, v := range map[string]string{"standard_conforming_strings": "on", "client_encoding": "UTF8"} {
		b.Send(&pgproto3.ParameterStatus{Name: k, Value: v})
	}
	b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	if b.Flush() != nil {
		return
	}
	for {
		message, err := b.Receive()
		if err != nil {
			return
		}
		if _, ok := message.(*pgproto3.Query); !ok {
			continue
		}
		b.Send(&pgproto3.RowDescription{Fields: []pgproto3.FieldDescription{
			{Name: []byte("number"), DataTypeOID: 23},
			{Name: []byte("version"), DataTypeOID: 25},
			{Name: []byte("standby"), DataTypeOID: 16},
		}})
		b.Send(&pgproto3.DataRow{Values: [][]byte{[]byte("140011"), []byte("14.11"), []byte("f")}})
		b.Send(&pgproto3.CommandComplete{CommandTag: []byte("SELECT 1")})
		b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
		if b.Flush() != nil {
			return
		}
	}
}

// TestPasswordFileIsUsed: an operator may keep the password out of the address.
func TestPasswordFileIsUsed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pgpass")
	if err := os.WriteFile(file, []byte("*:*:*:*:"+secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PGPASSFILE", file)
	sent := make(chan string, 2)
	address := answering(t, func(_ net.Conn, b *pgproto3.Backend) {
		if _, err := b.ReceiveStartupMessage(); err != nil {
			return
		}
		b.Send(&pgproto3.AuthenticationCleartextPassword{})
		b.SetAuthType(pgproto3.AuthTypeCleartextPassword)
		b.Flush()
		if m, err := b.Receive(); err == nil {
			if p, ok := m.(*pgproto3.PasswordMessage); ok {
				sent <- p.Password
			}
		}
		b.Send(&pgproto3.ErrorResponse{Severity: "FATAL", Code: "28P01", Message: "no"})
		b.Flush()
	})
	refused(t, strings.Replace(address, ":"+secret, "", 1)+"?sslmode=disable", "db.connect.password")
	if got := <-sent; got != secret {
		t.Errorf("sent %q", got)
	}
}

// TestWhoIsGoneIsNotWorkedFor: the end of a request ends its statement in the server, and the connection serves the next.
func TestWhoIsGoneIsNotWorkedFor(t *testing.T) {
	pool := testdb.New(t)
	store := db.New(pool)
	sleepers := func() (n int) {
		t.Helper()
		err := pool.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'SELECT pg_sleep%' AND state = 'active'`).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	var before, after int
	backend := func(ctx context.Context, tx pgx.Tx, pid *int) error {
		return tx.QueryRow(ctx, `SELECT pg_backend_pid()`).Scan(pid)
	}
	ctx, leave := context.WithCancel(t.Context())
	go func() {
		for sleepers() == 0 {
			time.Sleep(10 * time.Millisecond)
		}
		leave()
	}()
	start := time.Now()
	err := store.As(ctx, account.Anyone(), func(ctx context.Context, tx pgx.Tx) error {
		if err := backend(ctx, tx, &before); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `SELECT pg_sleep(8)`)
		return err
	})
	if !errors.Is(err, context.Canceled) || time.Since(start) > 4*time.Second {
		t.Errorf("after %v: %v", time.Since(start), err)
	}
	if n := sleepers(); n > 0 {
		t.Errorf("%d statements go on for nobody", n)
	}
	pids := map[int]bool{}
	for range 8 {
		if err := store.As(t.Context(), account.Anyone(), func(ctx context.Context, tx pgx.Tx) error { return backend(ctx, tx, &after) }); err != nil {
			t.Fatal(err)
		}
		pids[after] = true
	}
	if !pids[before] {
		t.Errorf("the connection %d was given up: %v", before, pids)
	}
	for setting, want := range map[string]string{"statement_timeout": "10s", "lock_timeout": "5s", "idle_in_transaction_session_timeout": "5min"} {
		var got string
		if err := pool.QueryRow(t.Context(), `SELECT current_setting($1)`, setting).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %s, %v", setting, got, err)
		}
	}
}
