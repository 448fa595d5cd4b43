package db

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"
	pgxgeom "github.com/twpayne/pgx-geom"

	"wangge/internal/fault"
	"wangge/migrations"
)

// Options of Open. The zero value is a sensible one.
type Options struct {
	ApplicationName  string          // shown in pg_stat_activity; "" means "wangge"
	StatementTimeout time.Duration   // the longest a statement may run, half of it waiting for a lock; 0 means 10 s, below 0 no limit
	ConnectTimeout   time.Duration   // the longest a connection may take to open; 0 means 10 s
	MaxConns         int32           // 0 means pgxpool's default: 4, or the number of cores where that is more; 2 at least
	MinConns         int32           // connections kept open while idle
	Tracer           pgx.QueryTracer // sees every query; nil for none
}

const (
	minServer       = 15
	minPostGIS      = "3.3"
	defaultDeadline = 10 * time.Second

	// idleLimit is how long a transaction of a server may wait for its next statement: what a report takes to be made lies far below it.
	idleLimit = 5 * time.Minute

	// cancelTime is how long a statement whose request has ended may take to say that it was cancelled; then its connection is given up. Without it the
	// connection would be at once, and the statement would go on for nobody.
	cancelTime = 500 * time.Millisecond
)

var _ = fault.Register(
	[3]string{"db.connect.address",
		"The database address is not valid ({detail}): it looks like postgres://user:password@host:5432/database.",
		"数据库地址无效({detail})：格式应为 postgres://user:password@host:5432/database。"},
	[3]string{"db.connect.encoding",
		"The database at {host} keeps its text as {encoding}, not as UTF8: make one with createdb -E UTF8 -T template0 wangge.",
		"{host} 上的数据库使用 {encoding} 编码，而不是 UTF8：请用 createdb -E UTF8 -T template0 wangge 新建数据库。"},
	[3]string{"db.connect.nothing",
		"No PostgreSQL answers at {host}: start it (systemctl start postgresql), or correct the address.",
		"{host} 上没有 PostgreSQL 响应：请启动它(systemctl start postgresql)，或更正地址。"},
	[3]string{"db.connect.noHost",
		"The database host {host} is not known: correct the address.",
		"找不到数据库主机 {host}：请更正地址。"},
	[3]string{"db.connect.timeout",
		"The database at {host} did not answer in time: see that it runs and that no firewall is between.",
		"{host} 上的数据库未及时响应：请检查其是否运行，以及是否被防火墙阻断。"},
	[3]string{"db.connect.password",
		"The database at {host} refuses the password of {user}: correct it, or set it with psql -c '\\password {user}'.",
		"{host} 上的数据库拒绝了用户 {user} 的密码：请更正，或用 psql -c '\\password {user}' 重新设置。"},
	[3]string{"db.connect.notAllowed",
		"The database at {host} does not let {user} in ({detail}): make the role with createuser {user}, or allow it in pg_hba.conf.",
		"{host} 上的数据库不允许用户 {user} 登录({detail})：请用 createuser {user} 创建角色，或在 pg_hba.conf 中放行。"},
	[3]string{"db.connect.noDatabase",
		"There is no database {database} at {host}: make it with createdb -O {user} {database}.",
		"{host} 上没有数据库 {database}：请用 createdb -O {user} {database} 创建。"},
	[3]string{"db.connect.tls",
		"No secure connection to {host} ({detail}): correct sslmode or sslrootcert in the address.",
		"无法与 {host} 建立安全连接({detail})：请更正地址中的 sslmode 或 sslrootcert。"},
	[3]string{"db.connect.tooMany",
		"The database at {host} has no connection left: raise max_connections there, or lower the pool size here.",
		"{host} 上的数据库连接数已满：请调高其 max_connections，或调低本程序的连接池大小。"},
	[3]string{"db.connect.starting",
		"The database at {host} is starting or stopping ({detail}): try again in a moment.",
		"{host} 上的数据库正在启动或停止({detail})：请稍后重试。"},
	[3]string{"db.connect.failed",
		"The database at {host} cannot be used: {detail}.",
		"无法使用 {host} 上的数据库：{detail}。"},
	[3]string{"db.connect.tooOld",
		"PostgreSQL {version} at {host} is too old, {need} or later is needed.",
		"{host} 上的 PostgreSQL {version} 版本过低，需要 {need} 或更高版本。"},
	[3]string{"db.connect.noRight",
		"Database {database} lacks the extension {extension}, and {user} may not add it: a superuser must run psql -d {database} -c 'CREATE EXTENSION {extension}' once.",
		"数据库 {database} 缺少扩展 {extension}，且 {user} 无权添加：请由超级用户运行一次 psql -d {database} -c 'CREATE EXTENSION {extension}'。"},
	[3]string{"db.connect.noRole",
		"The server at {host} lacks the role {role}, as which requests are answered, or {user} may not become it: a superuser must run psql -c 'CREATE ROLE {role} NOLOGIN' -c 'GRANT {role} TO {user}' once.",
		"{host} 上的服务器缺少处理请求所用的角色 {role}，或 {user} 无权切换到该角色：请由超级用户运行一次 psql -c 'CREATE ROLE {role} NOLOGIN' -c 'GRANT {role} TO {user}'。"},
	[3]string{"db.connect.notInstalled",
		"The extension {extension} is not installed at {host}: run apt-get install {package} on that machine.",
		"{host} 上未安装扩展 {extension}：请在该机器上运行 apt-get install {package}。"},
	[3]string{"db.connect.standby",
		"Database {database} at {host} is a read-only copy without the extension {extension}: name the primary in the address.",
		"{host} 上的数据库 {database} 是只读副本，且缺少扩展 {extension}：请在地址中使用主库。"},
	[3]string{"db.connect.oldPostGIS",
		"PostGIS {version} in database {database} is too old, {need} or later is needed: install it, then a superuser must run psql -d {database} -c 'ALTER EXTENSION postgis UPDATE'.",
		"数据库 {database} 中的 PostGIS {version} 版本过低，需要 {need} 或更高版本：请升级后由超级用户运行 psql -d {database} -c 'ALTER EXTENSION postgis UPDATE'。"},
	[3]string{"db.connect.searchPath",
		"PostGIS lies in schema {schema}, which {user} does not search: run psql -d {database} -c 'ALTER DATABASE {database} SET search_path = public, {schema}'.",
		"PostGIS 位于模式 {schema}，不在 {user} 的搜索路径中：请运行 psql -d {database} -c 'ALTER DATABASE {database} SET search_path = public, {schema}'。"},
)

// Open connects to the database at url, makes sure that it is one the program can work with (PostgreSQL 15, PostGIS
// 3.3, btree_gist and the role of requests, which it adds where it may), and returns a pool whose connections know geometry and geometry[] as
// go-geom's types. It does not migrate. Every failure is UNAVAILABLE with a sentence for the operator; none holds the
// password. What url itself sets (application_name, statement_timeout, pool_max_conns …) is stronger than o.
func Open(ctx context.Context, url string, o Options) (*pgxpool.Pool, error) {
	config, err := parse(url, o)
	if err != nil {
		return nil, err
	}
	// A connection of its own first: the pool's cannot be set up before the geometry type is there.
	if err := prepare(ctx, config.ConnConfig); err != nil {
		return nil, err
	}
	config.AfterConnect = registerTypes
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, connectFault(config.ConnConfig, err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, connectFault(config.ConnConfig, err)
	}
	return pool, nil
}

func parse(url string, o Options) (*pgxpool.Config, error) {
	if strings.TrimSpace(url) == "" { // pgx would connect to whatever the PG* variables say
		return nil, fault.New(fault.Unavailable, "", "db.connect.address", "detail", "it is empty")
	}
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		// Not wrapped: pgx hides the password as well as it can, which is not always in a malformed address.
		return nil, fault.New(fault.Unavailable, "", "db.connect.address", "detail", parseReason(err))
	}
	c := config.ConnConfig
	c.Tracer = o.Tracer
	if o.MaxConns > 0 && !strings.Contains(url, "pool_max_conns") {
		config.MaxConns = o.MaxConns
	}
	config.MaxConns = max(config.MaxConns, 2) // see DB.plain
	if o.MinConns > 0 && !strings.Contains(url, "pool_min_conns") {
		config.MinConns = min(o.MinConns, config.MaxConns)
	}
	if !strings.Contains(url, "connect_timeout") {
		c.ConnectTimeout = cmp.Or(o.ConnectTimeout, defaultDeadline)
	}
	setDefault(c.RuntimeParams, "application_name", cmp.Or(o.ApplicationName, "wangge"))
	if limit := cmp.Or(o.StatementTimeout, defaultDeadline); limit > 0 {
		setDefault(c.RuntimeParams, "statement_timeout", strconv.FormatInt(max(limit.Milliseconds(), 1), 10))
		setDefault(c.RuntimeParams, "lock_timeout", strconv.FormatInt(max(limit.Milliseconds()/2, 1), 10))
		setDefault(c.RuntimeParams, "idle_in_transaction_session_timeout", strconv.FormatInt(idleLimit.Milliseconds(), 10))
	}
	c.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: cancelTime}
	}
	return config, nil
}

// parseReason is what pgx says is wrong, without the address and without the values in it.
func parseReason(err error) string {
	text := err.Error()
	if i := strings.LastIndex(text, "`: "); i >= 0 {
		reason, _, _ := strings.Cut(text[i+len("`: "):], " (")
		return reason
	}
	return "it cannot be read"
}

func setDefault(m map[string]string, key, value string) {
	if _, ok := m[key]; !ok {
		m[key] = value
	}
}

// registerTypes teaches a connection geometry and geography, and their arrays, which pgx-geom leaves out and batch
// inserts by unnest need.
func registerTypes(ctx context.Context, conn *pgx.Conn) error {
	if err := pgxgeom.Register(ctx, conn); err != nil {
		return fmt.Errorf("register geometry: %w", err)
	}
	arrays, err := conn.LoadTypes(ctx, []string{"_geometry", "_geography"})
	if err != nil {
		return fmt.Errorf("register geometry[]: %w", err)
	}
	conn.TypeMap().RegisterTypes(arrays)
	return nil
}

// prepare checks the server and adds the extensions and the role that are missing.
func prepare(ctx context.Context, config *pgx.ConnConfig) (err error) {
	patient := config.Copy()
	patient.RuntimeParams["statement_timeout"] = "0" // adding PostGIS takes seconds on a slow machine
	conn, err := pgx.ConnectConfig(ctx, patient)
	if err != nil {
		return connectFault(config, err)
	}
	defer func() {
		err = errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
	}()
	var number int
	var version string
	var standby bool
	err = conn.QueryRow(ctx, `SELECT current_setting('server_version_num')::int, current_setting('server_version'),
		pg_is_in_recovery()`).Scan(&number, &version, &standby)
	if err != nil {
		return connectFault(config, err)
	}
	if number < minServer*10000 {
		return refuse(config, nil, "db.connect.tooOld", "version", version, "need", minServer)
	}
	if encoding := conn.PgConn().ParameterStatus("server_encoding"); encoding != "UTF8" {
		return refuse(config, nil, "db.connect.encoding", "encoding", encoding)
	}
	for _, extension := range []string{"postgis", "btree_gist"} {
		if err := addExtension(ctx, conn, extension, number/10000, standby); err != nil {
			return err
		}
	}
	if err := addRole(ctx, conn, standby); err != nil {
		return err
	}
	var postgis, schema string
	var visible bool
	err = conn.QueryRow(ctx, `SELECT extversion, extnamespace::regnamespace::text, to_regtype('geometry') IS NOT NULL
		FROM pg_extension WHERE extname = 'postgis'`).Scan(&postgis, &schema, &visible)
	switch {
	case err != nil:
		return connectFault(config, err)
	case older(postgis, minPostGIS):
		return refuse(config, nil, "db.connect.oldPostGIS", "version", postgis, "need", minPostGIS)
	case !visible:
		return refuse(config, nil, "db.connect.searchPath", "schema", schema)
	}
	return nil
}

// addExtension adds one extension where it is missing. Two servers may do this at once.
func addExtension(ctx context.Context, conn *pgx.Conn, name string, major int, standby bool) error {
	config := conn.Config()
	has := func() (ok bool, err error) {
		err = conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_extension WHERE extname = $1)`, name).Scan(&ok)
		return ok, err
	}
	if ok, err := has(); err != nil {
		return connectFault(config, err)
	} else if ok {
		return nil
	}
	if standby {
		return refuse(config, nil, "db.connect.standby", "extension", name)
	}
	_, err := conn.Exec(ctx, `CREATE EXTENSION IF NOT EXISTS `+pgx.Identifier{name}.Sanitize())
	if err == nil {
		return nil
	}
	if ok, again := has(); again == nil && ok { // the other server was faster
		return nil
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return connectFault(config, err)
	}
	switch pg.Code {
	case "42501": // insufficient privilege
		return refuse(config, err, "db.connect.noRight", "extension", name)
	case "0A000", "58P01": // no such extension; its files are missing
		pkg := "postgresql-contrib"
		if name == "postgis" {
			pkg = fmt.Sprintf("postgresql-%d-postgis-3 postgresql-%d-postgis-3-scripts", major, major)
		}
		return refuse(config, err, "db.connect.notInstalled", "extension", name, "package", pkg)
	}
	return connectFault(config, err)
}

// addRole adds the role of requests where it is missing, and lets this user become it. It is the server's, of all its databases, and so two may do this at once.
func addRole(ctx context.Context, conn *pgx.Conn, standby bool) error {
	config := conn.Config()
	has := func() (there, may bool, err error) {
		err = conn.QueryRow(ctx, `SELECT count(*) > 0, coalesce(bool_or(pg_has_role(current_user, r.oid, 'MEMBER')), false) FROM pg_roles r WHERE r.rolname = $1`,
			migrations.RequestRole).Scan(&there, &may)
		return there, may, err
	}
	there, may, err := has()
	switch {
	case err != nil:
		return connectFault(config, err)
	case may:
		return nil
	case standby:
		return refuse(config, nil, "db.connect.noRole", "role", migrations.RequestRole)
	}
	if !there {
		_, err = conn.Exec(ctx, "CREATE ROLE "+migrations.RequestRole+" NOLOGIN")
	}
	if err == nil {
		_, err = conn.Exec(ctx, "GRANT "+migrations.RequestRole+" TO CURRENT_USER")
	}
	if err == nil {
		return nil
	}
	if _, may, again := has(); again == nil && may { // the other was faster
		return nil
	}
	return refuse(config, err, "db.connect.noRole", "role", migrations.RequestRole)
}

// older reports whether version a comes before b, by their dotted numbers.
func older(a, b string) bool {
	numbers := func(s string) (n []int) {
		for _, part := range strings.Split(s, ".") {
			digits := part[:len(part)-len(strings.TrimLeft(part, "0123456789"))] // "0dev" counts as 0
			i, err := strconv.Atoi(digits)
			if err != nil {
				break
			}
			n = append(n, i)
		}
		return n
	}
	return slices.Compare(numbers(a), numbers(b)) < 0
}

// refuse is an UNAVAILABLE with what the sentences about a connection name.
func refuse(config *pgx.ConnConfig, cause error, key string, args ...any) error {
	args = append(args, "host", hostName(config), "user", config.User, "database", config.Database)
	return fault.Wrap(cause, fault.Unavailable, "", key, args...)
}

// connectFault finds the sentence for a connection that failed.
func connectFault(config *pgx.ConnConfig, err error) error {
	var (
		pg     *pgconn.PgError
		dns    *net.DNSError
		verify *tls.CertificateVerificationError
		ca     x509.UnknownAuthorityError
		name   x509.HostnameError
		record tls.RecordHeaderError
	)
	key, detail := "db.connect.failed", err.Error()
	if errors.As(err, &pg) {
		detail = pg.Message
	}
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case pg != nil:
		key = refusalKey(pg.Code)
	case errors.As(err, &verify):
		key, detail = "db.connect.tls", verify.Err.Error()
	case errors.As(err, &ca):
		key, detail = "db.connect.tls", ca.Error()
	case errors.As(err, &name):
		key, detail = "db.connect.tls", name.Error()
	case errors.As(err, &record):
		key, detail = "db.connect.tls", record.Msg
	case strings.Contains(err.Error(), "server refused TLS connection"): // pgx has no type for it
		key, detail = "db.connect.tls", "the server does not offer TLS"
	case errors.As(err, &dns):
		key = "db.connect.noHost"
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, os.ErrNotExist): // the latter: no such socket
		key = "db.connect.nothing"
	case errors.Is(err, context.DeadlineExceeded), pgconn.Timeout(err), errors.Is(err, os.ErrDeadlineExceeded):
		key = "db.connect.timeout"
	}
	return refuse(config, err, key, "detail", detail)
}

// refusalKey is the sentence for what the server itself answers.
func refusalKey(code string) string {
	switch code {
	case "28P01":
		return "db.connect.password"
	case "28000":
		return "db.connect.notAllowed"
	case "3D000":
		return "db.connect.noDatabase"
	case "53300":
		return "db.connect.tooMany"
	case "57P01", "57P02", "57P03":
		return "db.connect.starting"
	case "53100":
		return "db.diskFull"
	}
	return "db.connect.failed"
}

// hostName names every host of the address once, a socket by its folder.
func hostName(config *pgx.ConnConfig) string {
	var names []string
	add := func(host string, port uint16) {
		name := host
		if !strings.HasPrefix(host, "/") {
			name = net.JoinHostPort(host, strconv.Itoa(int(port)))
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	add(config.Host, config.Port)
	for _, f := range config.Fallbacks {
		add(f.Host, f.Port)
	}
	return strings.Join(names, ", ")
}
