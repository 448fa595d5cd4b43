package config

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wangge/internal/fault"
)

// The defaults stand in the tags, where the help reads them too; package cli tests that they are applied.
func store() Store {
	return Store{Data: ".wangge", TimeZone: "Asia/Shanghai", StatementTimeout: "10s", AuditDays: "1095", LogLevel: "info", LogFormat: "text"}
}

func server() Server {
	return Server{Addr: "127.0.0.1:8080", NearestLimitM: "300", RateLimit: "200", AnswerCacheMB: "64", TileCacheMB: "256", TileLimitKB: "1024", OnlyTrusted: "0", StaffCost: "2000000", SessionIdle: "30m", SessionMax: "12h"}
}

func TestGoodSettings(t *testing.T) {
	st := store()
	st.StatementTimeout, st.LogLevel, st.LogFormat, st.DatabaseURL = "250ms", "WARN", "json", " postgres://db/town "
	got, err := st.Check()
	if err != nil {
		t.Fatal(err)
	}
	if got.AuditDays != 1095 || got.AuditKeys != nil {
		t.Errorf("the audit: %d days, %q", got.AuditDays, got.AuditKeys)
	}
	if got.Zone.String() != "Asia/Shanghai" || got.StatementTimeout != 250*time.Millisecond || !got.LogJSON ||
		got.LogLevel.String() != "WARN" || got.DatabaseURL != "postgres://db/town" {
		t.Errorf("got %+v", got)
	}
	se := server()
	se.Addr, se.PublicURL, se.Window = "[::1]:0", "https://example.org/grid/", "120,31,121,32"
	se.CORSOrigins, se.TrustedProxies, se.RateLimit = "https://a.example.org, http://localhost:5173,", "127.0.0.1,10.1.2.3/8,::1", "0"
	s, err := se.Check()
	if err != nil {
		t.Fatal(err)
	}
	if s.SessionIdle != 30*time.Minute || s.SessionMax != 12*time.Hour {
		t.Errorf("sessions: %v, %v", s.SessionIdle, s.SessionMax)
	}
	if s.TileCache != 256<<20 || s.TileLimit != 1<<20 {
		t.Errorf("tiles: %d bytes kept, %d at most", s.TileCache, s.TileLimit)
	}
	if s.Addr != "[::1]:0" || s.PublicURL.String() != "https://example.org/grid" || s.Window == nil || s.Window.West != 120 ||
		s.NearestLimitM != 300 || s.RateLimit != 0 {
		t.Errorf("got %+v", s)
	}
	if strings.Join(s.CORSOrigins, " ") != "https://a.example.org http://localhost:5173" {
		t.Errorf("origins %q", s.CORSOrigins)
	}
	if len(s.TrustedProxies) != 3 || s.TrustedProxies[1].String() != "10.0.0.0/8" || s.TrustedProxies[2].String() != "::1/128" {
		t.Errorf("proxies %v", s.TrustedProxies)
	}
	se.MapAttribution = " © OpenStreetMap contributors, ODbL "
	archive, archiveErr := Archive{TileLimitKB: "0", MapAttribution: se.MapAttribution}.Check()
	if s, err = se.Check(); err != nil || archiveErr != nil || s.Attribution != "© OpenStreetMap contributors, ODbL" || archive.Attribution != s.Attribution {
		t.Errorf("whose the data is: %q, %q, %v, %v", s.Attribution, archive.Attribution, err, archiveErr)
	}
	if empty, err := server().Check(); err != nil || empty.Basemap != nil || empty.PublicURL != nil || empty.Window != nil || empty.CORSOrigins != nil {
		t.Errorf("nothing set: %+v, %v", empty, err)
	}
}

func TestABadSettingIsNamedInOneSentence(t *testing.T) {
	for _, c := range []struct {
		name, env, value string
	}{
		{"no folder", "DATA", " "},
		{"unknown zone", "TIME_ZONE", "Mars/Olympus"},
		{"zone of the machine", "TIME_ZONE", "Local"},
		{"no zone", "TIME_ZONE", ""},
		{"a number without its unit", "STATEMENT_TIMEOUT", "10"},
		{"a negative time", "STATEMENT_TIMEOUT", "-1s"},
		{"a level that is none", "LOG_LEVEL", "loud"},
		{"a format that is none", "LOG_FORMAT", "xml"},
		{"a key that is too short", "ACCESS_KEY", "5ec2e7"},
		{"a key of more than digits", "ACCESS_KEY", "5ec2e7" + strings.Repeat("x", 58)},
		{"a key that is too long", "ACCESS_KEY", "5ec2e7" + strings.Repeat("0", 59)},
		{"an audit of five months", "AUDIT_DAYS", "150"},
		{"an audit without an end", "AUDIT_DAYS", ""},
		{"a secret that can be guessed", "AUDIT_KEY", "a secret that can be guessed by anybody,hunter2"},
		{"photos without a scheme", "PHOTOS_URL", "/srv/photos"},
		{"photos on the web", "PHOTOS_URL", "https://photos.example.org"},
		{"photos in memory", "PHOTOS_URL", "mem://"},
		{"photos in a folder from here", "PHOTOS_URL", "file://photos"},
		{"photos in a folder with options", "PHOTOS_URL", "file:///srv/photos?no_tmp_dir=true"},
		{"photos in the root", "PHOTOS_URL", "file:///"},
		{"photos in no bucket", "PHOTOS_URL", "s3://?region=cn-north-1"},
		{"photos with a password", "PHOTOS_URL", "s3://me:secret@bucket"},
		{"no port", "ADDR", "127.0.0.1"},
		{"a port too high", "ADDR", "127.0.0.1:70000"},
		{"a port that is a word", "ADDR", "127.0.0.1:http"},
		{"an address with its scheme", "ADDR", "http://127.0.0.1:80"},
		{"a public address without its scheme", "PUBLIC_URL", "grid.example.org"},
		{"a public address with a query", "PUBLIC_URL", "https://grid.example.org/?a=1"},
		{"a public address of another scheme", "PUBLIC_URL", "ftp://grid.example.org"},
		{"three numbers", "WINDOW", "1,2,3"},
		{"west of itself", "WINDOW", "121,31,120,32"},
		{"not a number", "WINDOW", "121,31,122,NaN"},
		{"a negative distance", "NEAREST_LIMIT_M", "-1"},
		{"NaN metres", "NEAREST_LIMIT_M", "NaN"},
		{"a negative rate", "RATE_LIMIT", "-5"},
		{"NaN requests", "RATE_LIMIT", "NaN"},
		{"endless requests", "RATE_LIMIT", "+Inf"},
		{"any origin", "CORS_ORIGINS", "*"},
		{"any secure origin", "CORS_ORIGINS", "https://*"},
		{"any sub-domain", "CORS_ORIGINS", "https://a.org,https://*.example.org"},
		{"the origin of a sandbox", "CORS_ORIGINS", "null"},
		{"an origin with a path", "CORS_ORIGINS", "https://example.org/map"},
		{"an origin with its slash", "CORS_ORIGINS", "https://example.org/"},
		{"an origin without its scheme", "CORS_ORIGINS", "example.org"},
		{"a negative size", "ANSWER_CACHE_MB", "-1"},
		{"a size with its unit", "ANSWER_CACHE_MB", "64MB"},
		{"tiles of less than nothing", "TILE_CACHE_MB", "-1"},
		{"a limit with its unit", "TILE_LIMIT_KB", "1MB"},
		{"neither yes nor no", "ONLY_TRUSTED", "yes"},
		{"less than the public's", "STAFF_COST", "599999"},
		{"a cost without an end", "STAFF_COST", "20000001"},
		{"a folder that is not there", "TRUSTED_DOCUMENTS", "/nonexistent"},
		{"a file for a folder", "TRUSTED_DOCUMENTS", "config.go"},
		{"whose the data is in two lines", "MAP_ATTRIBUTION", "Town\nhall"},
		{"whose the data is at length", "MAP_ATTRIBUTION", strings.Repeat("town ", 61)},
		{"sessions that end at once", "SESSION_IDLE", "59s"},
		{"sessions that never end", "SESSION_IDLE", "0"},
		{"a time without its unit", "SESSION_IDLE", "30"},
		{"idle for longer than a day", "SESSION_IDLE", "24h"},
		{"ended before they are idle", "SESSION_MAX", "29m"},
		{"signed in for a month", "SESSION_MAX", "720h"},
		{"a proxy by name", "TRUSTED_PROXIES", "proxy.local"},
	} {
		t.Run(c.name, func(t *testing.T) {
			st, se := store(), server()
			field := map[string]*string{"DATA": &st.Data, "TIME_ZONE": &st.TimeZone, "STATEMENT_TIMEOUT": &st.StatementTimeout, "PHOTOS_URL": &st.PhotosURL, "ACCESS_KEY": &st.AccessKey, "AUDIT_DAYS": &st.AuditDays, "AUDIT_KEY": &st.AuditKey,
				"LOG_LEVEL": &st.LogLevel, "LOG_FORMAT": &st.LogFormat, "ADDR": &se.Addr, "PUBLIC_URL": &se.PublicURL,
				"MAP_ATTRIBUTION": &se.MapAttribution, "MAP_APPROVAL": &se.MapApproval,
				"WINDOW": &se.Window, "NEAREST_LIMIT_M": &se.NearestLimitM, "RATE_LIMIT": &se.RateLimit,
				"ANSWER_CACHE_MB": &se.AnswerCacheMB, "TILE_CACHE_MB": &se.TileCacheMB, "TILE_LIMIT_KB": &se.TileLimitKB, "TRUSTED_DOCUMENTS": &se.TrustedFolder, "ONLY_TRUSTED": &se.OnlyTrusted, "STAFF_COST": &se.StaffCost,
				"CORS_ORIGINS": &se.CORSOrigins, "SESSION_IDLE": &se.SessionIdle, "SESSION_MAX": &se.SessionMax, "TRUSTED_PROXIES": &se.TrustedProxies}[c.env]
			*field = c.value
			_, err := st.Check()
			if err == nil {
				_, err = se.Check()
			}
			f := fault.As(err)
			if err == nil || f.Code != fault.Invalid || f.Field != c.env {
				t.Fatalf("got %v", err)
			}
			if text := f.Error(); !strings.HasPrefix(text, c.env+" (--") || strings.Contains(text, "\n") {
				t.Errorf("the sentence does not begin with the variable: %s", text)
			}
			if c.env == "ACCESS_KEY" && strings.Contains(f.Error(), "5ec2e7") {
				t.Errorf("the sentence holds the key: %v", f)
			}
			if c.env == "PHOTOS_URL" && strings.Contains(f.Error(), "secret") {
				t.Errorf("the sentence holds a password: %s", f)
			}
			t.Log(f.Error())
		})
	}
}

func TestLoopback(t *testing.T) {
	for text, want := range map[string]bool{
		"http://127.0.0.1:8080": true, "http://localhost": true, "http://[::1]:80": true, "http://0.0.0.0:8080": true,
		"http://127.9.9.9": true, "http://[::ffff:127.0.0.1]": true, "http://a.localhost": true,
		"https://grid.example.org": false, "http://10.0.0.1": false, "http://127.0.0.1.example.org": false,
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := IsLoopback(u); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func TestTheProviderOfIdentities(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("hush-hush\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	good := func() Server {
		s := server()
		s.OIDCIssuer, s.OIDCClientID, s.OIDCClaim = "https://login.city.example/realm/", "wangge", "sub"
		return s
	}
	s := good()
	s.OIDCSecretFile, s.OIDCACR = file, "gold, silver"
	got, err := s.Check()
	if err != nil || got.OIDC == nil || got.OIDC.Issuer != "https://login.city.example/realm/" || got.OIDC.Secret != "hush-hush" || got.OIDC.Name != "login.city.example" || strings.Join(got.OIDC.Factor, "|") != "gold|silver" {
		t.Errorf("%+v, %v", got.OIDC, err)
	}
	if got, err := server().Check(); err != nil || got.OIDC != nil {
		t.Errorf("nothing set: %+v, %v", got.OIDC, err)
	}
	for _, c := range []struct {
		name, env string
		set       func(*Server)
	}{
		{"a client of nobody", "OIDC_ISSUER", func(s *Server) { s.OIDCIssuer = "" }},
		{"over the open net", "OIDC_ISSUER", func(s *Server) { s.OIDCIssuer = "http://login.city.example" }},
		{"with a password in it", "OIDC_ISSUER", func(s *Server) { s.OIDCIssuer = "https://hush:hush-hush@login.city.example" }},
		{"with a question", "OIDC_ISSUER", func(s *Server) { s.OIDCIssuer = "https://login.city.example?a=b" }},
		{"no client", "OIDC_CLIENT_ID", func(s *Server) { s.OIDCClientID = "" }},
		{"two secrets", "OIDC_CLIENT_SECRET_FILE", func(s *Server) { s.OIDCClientSecret, s.OIDCSecretFile = "hush-hush", file }},
		{"no file", "OIDC_CLIENT_SECRET_FILE", func(s *Server) { s.OIDCSecretFile = file + "x" }},
		{"a long name", "OIDC_NAME", func(s *Server) { s.OIDCName = strings.Repeat("市", 41) }},
		{"no claim", "OIDC_CLAIM", func(s *Server) { s.OIDCClaim = "" }},
	} {
		s := good()
		c.set(&s)
		if _, err := s.Check(); err == nil || fault.As(err).Field != c.env || strings.Contains(err.Error(), "hush-hush") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
