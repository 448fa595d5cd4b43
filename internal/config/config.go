// Package config is the one place where a deployment's settings are named, explained, given their defaults and
// checked. A setting comes from a flag or from the environment; reading the command line is left to package cli.
package config

import (
	"encoding/hex"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a machine without a time zone database still knows Asia/Shanghai

	"wangge/domain/audit"
	"wangge/geo/coord"
	"wangge/internal/fault"
)

// Store are the settings that every command needs: where the data is and how it is spoken to. The tags are what
// package cli reads: a flag's name, its variable, its default, its help.
type Store struct {
	Data             string `name:"data" env:"DATA" default:".wangge" placeholder:"DIR" help:"Data folder: the private PostgreSQL, the operator's token and the audit's key (${env})."`
	DatabaseURL      string `name:"database-url" env:"DATABASE_URL" placeholder:"URL" help:"PostgreSQL with PostGIS to use instead of the private one (${env})."`
	TimeZone         string `name:"time-zone" env:"TIME_ZONE" default:"Asia/Shanghai" placeholder:"ZONE" help:"Time zone that says which day it is (${env}, default ${default})."`
	StatementTimeout string `name:"statement-timeout" env:"STATEMENT_TIMEOUT" default:"10s" placeholder:"TIME" help:"Longest time one database statement of a request may take (${env}, default ${default})."`
	PhotosURL        string `name:"photos-url" env:"PHOTOS_URL" placeholder:"URL" help:"Where workers' photos are kept: file:///folder, or s3://bucket with its options; default: the folder photos in the data folder (${env})."`
	AccessKey        string `name:"access-key" env:"ACCESS_KEY" placeholder:"KEY" help:"Key that second factors are sealed with, 64 hexadecimal digits, the same in all servers of a database; default: the file access.key in the data folder (${env})."`
	AuditKey         string `name:"audit-key" env:"AUDIT_KEY" placeholder:"SECRETS" help:"What entries of the audit are sealed with, the same for all servers of a database: 26 characters or more that nobody can guess, and after a comma those of before; default: the file audit.key in the data folder (${env}; as a flag others on the machine can read it)."`
	AuditDays        string `name:"audit-days" env:"AUDIT_DAYS" default:"1095" placeholder:"N" help:"How many days entries of the audit are kept, 180 at least (${env}, default ${default})."`
	SecretKeys       string `name:"secret-keys" env:"SECRET_KEYS" placeholder:"FILE" help:"File of the keys that residents' files are sealed with; default: keys/ring.json in the data folder (${env})."`
	LogLevel         string `name:"log-level" env:"LOG_LEVEL" placeholder:"LEVEL" help:"debug, info, warn or error (${env}; default info for serve, warn for the others)."`
	LogFormat        string `name:"log-format" env:"LOG_FORMAT" default:"text" placeholder:"FORMAT" help:"text or json (${env}, default ${default})."`
}

// Server are the settings of serve.
type Server struct {
	Addr               string `name:"addr" env:"ADDR" default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Address to listen on; port 0 picks a free one (${env}, default ${default})."`
	PublicURL          string `name:"public-url" env:"PUBLIC_URL" placeholder:"URL" help:"Address under which people reach this server; it is what links and QR codes say (${env})."`
	Window             string `name:"window" env:"WINDOW" placeholder:"W,S,E,N" help:"Area that points may lie in, degrees; default: the divisions' box and half a degree around it (${env})."`
	NearestLimitM      string `name:"nearest-limit-m" env:"NEAREST_LIMIT_M" default:"300" placeholder:"METRES" help:"A point in no grid belongs to the nearest one within this distance (${env}, default ${default})."`
	CORSOrigins        string `name:"cors-origins" env:"CORS_ORIGINS" placeholder:"LIST" help:"Origins whose pages may call this server, separated by commas, each written out: https://map.example.org (${env})."`
	RateLimit          string `name:"rate-limit" env:"RATE_LIMIT" default:"200" placeholder:"N" help:"Public requests a second and address; 0 means no limit (${env}, default ${default})."`
	AnswerCacheMB      string `name:"answer-cache-mb" env:"ANSWER_CACHE_MB" default:"64" placeholder:"MB" help:"Memory for answers of public GraphQL queries, megabytes; 0 keeps none (${env}, default ${default})."`
	TileCacheMB        string `name:"tile-cache-mb" env:"TILE_CACHE_MB" default:"256" placeholder:"MB" help:"Memory for tiles that were made, megabytes; 0 keeps none (${env}, default ${default})."`
	TileLimitKB        string `name:"tile-limit-kb" env:"TILE_LIMIT_KB" default:"1024" placeholder:"KB" help:"Longest tile before it is compressed, kilobytes: a longer one is made with less in it; 0 means no limit (${env}, default ${default})."`
	TrustedFolder      string `name:"trusted-documents" env:"TRUSTED_DOCUMENTS" placeholder:"DIR" help:"Folder of GraphQL documents (*.graphql) that clients may name by documentId, besides wangge's own (${env})."`
	OnlyTrusted        string `name:"only-trusted" env:"ONLY_TRUSTED" default:"0" placeholder:"0|1" help:"1 refuses all GraphQL documents but the trusted ones to the public (${env}, default ${default})."`
	StaffCost          string `name:"staff-cost" env:"STAFF_COST" default:"2000000" placeholder:"N" help:"What a GraphQL request of staff may cost, where the public's may cost 600000 (${env}, default ${default})."`
	TiandituKey        string `name:"tianditu-key" env:"TIANDITU_KEY" placeholder:"KEY" help:"Key (tk) of Tianditu, whose streets and names then lie beneath the map (${env})."`
	BasemapURL         string `name:"basemap-url" env:"BASEMAP_URL" placeholder:"URL" help:"Raster tiles beneath the map, with {z}, {x} and {y}; several, the lowest first, are separated by spaces: Web Mercator in WGS 84 or CGCS2000. Maps in GCJ-02 (AMap, Tencent) are 300 to 700 m off and must not be used (${env})."`
	BasemapStyle       string `name:"basemap-style" env:"BASEMAP_STYLE" placeholder:"FILE" help:"MapLibre style of vector or raster tiles beneath the map, a file (${env})."`
	BasemapAttribution string `name:"basemap-attribution" env:"BASEMAP_ATTRIBUTION" placeholder:"TEXT" help:"Whose the basemap is, and its review number; shown on the map as plain text (${env})."`
	MapAttribution     string `name:"map-attribution" env:"MAP_ATTRIBUTION" placeholder:"TEXT" help:"Whose the data is that was imported, such as © OpenStreetMap contributors, ODbL; shown on the map as plain text (${env})."`
	MapApproval        string `name:"map-approval" env:"MAP_APPROVAL" placeholder:"TEXT" help:"Approval number (审图号) of the map; printed on signboards (${env})."`
	Fonts              string `name:"fonts" env:"FONTS" placeholder:"FILES" help:"TrueType fonts that signboards are printed in, separated as in PATH; default: a Chinese font of this machine (${env})."`
	SessionIdle        string `name:"session-idle" env:"SESSION_IDLE" default:"30m" placeholder:"TIME" help:"How long somebody stays signed in without doing anything, from 1m to 12h (${env}, default ${default})."`
	SessionMax         string `name:"session-max" env:"SESSION_MAX" default:"12h" placeholder:"TIME" help:"How long somebody stays signed in at most, up to 168h (${env}, default ${default})."`
	OIDCIssuer         string `name:"oidc-issuer" env:"OIDC_ISSUER" placeholder:"URL" help:"OpenID Connect provider that people may sign in with, as it names itself (${env})."`
	OIDCClientID       string `name:"oidc-client-id" env:"OIDC_CLIENT_ID" placeholder:"ID" help:"What this server is registered as at the provider (${env})."`
	OIDCClientSecret   string `name:"oidc-client-secret" env:"OIDC_CLIENT_SECRET" placeholder:"SECRET" help:"The secret of that registration, where it has one (${env})."`
	OIDCSecretFile     string `name:"oidc-client-secret-file" env:"OIDC_CLIENT_SECRET_FILE" placeholder:"FILE" help:"File with that secret, instead (${env})."`
	OIDCName           string `name:"oidc-name" env:"OIDC_NAME" placeholder:"TEXT" help:"What people call the provider; default: its host (${env})."`
	OIDCClaim          string `name:"oidc-claim" env:"OIDC_CLAIM" default:"sub" placeholder:"CLAIM" help:"Claim that names the person whom an account is linked to, which the provider must give to nobody else (${env}, default ${default})."`
	OIDCACR            string `name:"oidc-acr" env:"OIDC_ACR" placeholder:"LIST" help:"Values of the claim acr, separated by commas, that say that a second factor was shown; without, administrators show one here as well (${env})."`
	TrustedProxies     string `name:"trusted-proxies" env:"TRUSTED_PROXIES" placeholder:"LIST" help:"Addresses or networks of your reverse proxies, whose X-Forwarded-For and X-Request-Id are believed (${env})."`
}

// OIDC is a provider that people may sign in with.
type OIDC struct {
	Issuer, ClientID string
	Secret           string // "": none
	Name, Claim      string
	Factor           []string // values of acr
}

// Settings is the checked form of Store.
type Settings struct {
	Data             string
	DatabaseURL      string // "": the private PostgreSQL
	Zone             *time.Location
	StatementTimeout time.Duration
	PhotosURL        *url.URL // of gocloud.dev/blob; nil: the folder photos in Data
	AuditKeys        []string // secrets, the one that seals first; none: the file in Data
	AuditDays        int
	AccessKey        *[32]byte // nil: in a file in Data
	SecretKeys       string    // the file of the keys; "": in Data
	LogLevel         slog.Level
	LogJSON          bool
}

// ServerSettings is the checked form of Server.
type ServerSettings struct {
	Addr           string
	PublicURL      *url.URL // nil: the address that the server listens on
	Window         *coord.Window
	NearestLimitM  float64
	CORSOrigins    []string
	RateLimit      float64 // requests a second; 0: none
	AnswerCache    int64   // bytes; 0: none
	TileCache      int64   // bytes; 0: none
	TileLimit      int     // bytes of one tile; 0: no limit
	TrustedFolder  string  // "": none
	OnlyTrusted    bool
	StaffCost      int
	TrustedProxies []netip.Prefix
	SessionIdle    time.Duration
	SessionMax     time.Duration
	OIDC           *OIDC    // nil: none
	Basemap        *Basemap // nil: none
	Attribution    string   // of the data, plain text; "": none
	Approval       string   // of the map, plain text; "": none
	Fonts          string   // files; "": what the machine has
}

var _ = fault.Register(
	[3]string{"config.bad", "{name} is {value}, {reason}.", "{name} 的值 {value} 无效：{reason}。"},
)

// Bad is INVALID with one sentence that names the variable and the flag.
func Bad(env, value, format string, args ...any) error {
	flag := "--" + strings.ToLower(strings.ReplaceAll(env, "_", "-"))
	return fault.New(fault.Invalid, env, "config.bad",
		"name", fmt.Sprintf("%s (%s)", env, flag), "value", strconv.Quote(fault.Shorten(value, 60)), "reason", fmt.Sprintf(format, args...))
}

// Check reads the settings. INVALID: one that cannot be; Field is its variable.
func (s Store) Check() (Settings, error) {
	out := Settings{Data: s.Data, DatabaseURL: strings.TrimSpace(s.DatabaseURL), SecretKeys: strings.TrimSpace(s.SecretKeys)}
	if strings.TrimSpace(s.Data) == "" {
		return Settings{}, Bad("DATA", s.Data, "but it must name a folder")
	}
	zone, err := time.LoadLocation(s.TimeZone)
	if err != nil || s.TimeZone == "" || s.TimeZone == "Local" { // LoadLocation takes "" for UTC
		return Settings{}, Bad("TIME_ZONE", s.TimeZone, "which is no time zone; write one like Asia/Shanghai")
	}
	out.Zone = zone
	out.StatementTimeout, err = time.ParseDuration(s.StatementTimeout)
	if err != nil || out.StatementTimeout < 10*time.Millisecond || out.StatementTimeout > time.Hour {
		return Settings{}, Bad("STATEMENT_TIMEOUT", s.StatementTimeout, "but it must be a time from 10ms to 1h, like 10s")
	}
	if out.PhotosURL, err = photosURL(s.PhotosURL); err != nil {
		return Settings{}, err
	}
	if out.AccessKey, err = accessKey(s.AccessKey); err != nil {
		return Settings{}, err
	}
	out.AuditKeys = list(s.AuditKey)
	for _, secret := range out.AuditKeys {
		if len(secret) < audit.MinSecret {
			return Settings{}, Bad("AUDIT_KEY", "…", "but each secret must have %d characters or more", audit.MinSecret)
		}
	}
	if out.AuditDays, err = strconv.Atoi(s.AuditDays); err != nil || out.AuditDays < audit.MinDays || out.AuditDays > 36_500 {
		return Settings{}, Bad("AUDIT_DAYS", s.AuditDays, "but it must be a number of days, %d or more", audit.MinDays)
	}
	if err := out.LogLevel.UnmarshalText([]byte(s.LogLevel)); err != nil {
		return Settings{}, Bad("LOG_LEVEL", s.LogLevel, "but it must be debug, info, warn or error")
	}
	switch s.LogFormat {
	case "json":
		out.LogJSON = true
	case "text":
	default:
		return Settings{}, Bad("LOG_FORMAT", s.LogFormat, "but it must be text or json")
	}
	return out, nil
}

// Check reads the settings. INVALID: one that cannot be; Field is its variable.
func (s Server) Check() (ServerSettings, error) {
	var out ServerSettings
	var err error
	if out.Addr, err = address(s.Addr); err != nil {
		return out, err
	}
	if out.PublicURL, err = publicURL(s.PublicURL); err != nil {
		return out, err
	}
	if s.Window != "" {
		w, err := coord.ParseWindow(s.Window)
		if err != nil {
			return out, Bad("WINDOW", s.Window, "but it must be west,south,east,north in degrees (%v)", err)
		}
		out.Window = &w
	}
	if out.NearestLimitM, err = strconv.ParseFloat(s.NearestLimitM, 64); err != nil || !(out.NearestLimitM >= 0 && out.NearestLimitM <= 100_000) {
		return out, Bad("NEAREST_LIMIT_M", s.NearestLimitM, "but it must be a number of metres from 0 to 100000")
	}
	if out.RateLimit, err = strconv.ParseFloat(s.RateLimit, 64); err != nil || !(out.RateLimit >= 0) || math.IsInf(out.RateLimit, 0) {
		return out, Bad("RATE_LIMIT", s.RateLimit, "but it must be a number of requests a second, or 0 for no limit")
	}
	for _, o := range list(s.CORSOrigins) {
		if err := checkOrigin(o); err != nil {
			return out, err
		}
		out.CORSOrigins = append(out.CORSOrigins, o)
	}
	megabytes, err := strconv.ParseInt(s.AnswerCacheMB, 10, 64)
	if err != nil || megabytes < 0 || megabytes > 1<<20 {
		return out, Bad("ANSWER_CACHE_MB", s.AnswerCacheMB, "but it must be a whole number of megabytes, or 0 for none")
	}
	out.AnswerCache, out.TrustedFolder = megabytes<<20, s.TrustedFolder
	if megabytes, err = strconv.ParseInt(s.TileCacheMB, 10, 64); err != nil || megabytes < 0 || megabytes > 1<<20 {
		return out, Bad("TILE_CACHE_MB", s.TileCacheMB, "but it must be a whole number of megabytes, or 0 for none")
	}
	out.TileCache = megabytes << 20
	if out.TileLimit, err = tileLimit(s.TileLimitKB); err != nil {
		return out, err
	}
	if s.TrustedFolder != "" {
		if folder, err := os.Stat(s.TrustedFolder); err != nil || !folder.IsDir() {
			return out, Bad("TRUSTED_DOCUMENTS", s.TrustedFolder, "but it must be a folder of GraphQL documents")
		}
	}
	if s.OnlyTrusted != "0" && s.OnlyTrusted != "1" {
		return out, Bad("ONLY_TRUSTED", s.OnlyTrusted, "but it must be 0 or 1")
	}
	out.OnlyTrusted = s.OnlyTrusted == "1"
	if out.StaffCost, err = strconv.Atoi(s.StaffCost); err != nil || out.StaffCost < 600_000 || out.StaffCost > 20_000_000 {
		return out, Bad("STAFF_COST", s.StaffCost, "but it must be a whole number from 600000 to 20000000")
	}
	if out.Basemap, err = s.basemap(); err != nil {
		return out, err
	}
	if out.Approval, err = mapApproval(s.MapApproval); err != nil {
		return out, err
	}
	out.Fonts = s.Fonts
	if out.Attribution, err = mapAttribution(s.MapAttribution); err != nil {
		return out, err
	}
	if out.SessionIdle, err = time.ParseDuration(s.SessionIdle); err != nil || out.SessionIdle < time.Minute || out.SessionIdle > 12*time.Hour {
		return out, Bad("SESSION_IDLE", s.SessionIdle, "but it must be a time from 1m to 12h, like 30m")
	}
	if out.SessionMax, err = time.ParseDuration(s.SessionMax); err != nil || out.SessionMax < out.SessionIdle || out.SessionMax > 168*time.Hour {
		return out, Bad("SESSION_MAX", s.SessionMax, "but it must be a time from SESSION_IDLE (%s) to 168h, like 12h", s.SessionIdle)
	}
	if out.OIDC, err = s.oidc(); err != nil {
		return out, err
	}
	for _, p := range list(s.TrustedProxies) {
		prefix, err := parsePrefix(p)
		if err != nil {
			return out, Bad("TRUSTED_PROXIES", p, "which is no address and no network like 10.0.0.0/8")
		}
		out.TrustedProxies = append(out.TrustedProxies, prefix)
	}
	return out, nil
}

func address(s string) (string, error) {
	host, port, err := net.SplitHostPort(s)
	n, portErr := strconv.ParseUint(port, 10, 16)
	if err != nil || portErr != nil || strings.ContainsAny(host, " /") {
		return "", Bad("ADDR", s, "but it must be HOST:PORT, like 127.0.0.1:8080 or [::1]:8080, with a port from 0 to 65535")
	}
	return net.JoinHostPort(host, strconv.FormatUint(n, 10)), nil
}

// publicURL is an origin, with a path where a reverse proxy adds one; without the final slash.
func publicURL(s string) (*url.URL, error) {
	if s == "" {
		return nil, nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, Bad("PUBLIC_URL", s, "but it must be an address like https://grid.example.org, without a question mark or #")
	}
	u.Path = strings.TrimRight(u.Path, "/")
	return u, nil
}

// photosURL is where photos are kept. Its options are read by who opens it.
func photosURL(s string) (*url.URL, error) {
	if s = strings.TrimSpace(s); s == "" {
		return nil, nil
	}
	bad := func(format string, args ...any) (*url.URL, error) { return nil, Bad("PHOTOS_URL", s, format, args...) }
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return bad("but it must be an address like file:///srv/photos or s3://bucket?region=cn-north-1")
	case u.User != nil:
		s = "…" // it is said in a sentence that others may read
		return bad("but it must hold no password: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead")
	case u.Fragment != "":
		return bad("but it must not hold #")
	case u.Scheme == "file":
		if u.Host != "" || len(u.Path) < 2 || u.RawQuery != "" {
			return bad("but a folder is written with three slashes, from the root and without a question mark: file:///srv/photos")
		}
	case u.Scheme == "s3":
		if u.Host == "" {
			return bad("but it must name a bucket, like s3://bucket?region=cn-north-1")
		}
	default:
		return bad("but photos are kept under file:// or s3:// only")
	}
	return u, nil
}

// accessKey is a key of 256 bits. What is wrong with it is said without it.
func accessKey(s string) (*[32]byte, error) {
	if s = strings.TrimSpace(s); s == "" {
		return nil, nil
	}
	key := new([32]byte)
	if n, err := hex.Decode(key[:], []byte(s[:min(len(s), 64)])); err != nil || n != 32 || len(s) != 64 {
		return nil, Bad("ACCESS_KEY", "…", "but it must be 64 hexadecimal digits: openssl rand -hex 32 makes some")
	}
	return key, nil
}

// oidc is the provider that people may sign in with. Its secret is never said.
func (s Server) oidc() (*OIDC, error) {
	o := &OIDC{Issuer: s.OIDCIssuer, ClientID: s.OIDCClientID, Secret: s.OIDCClientSecret, Name: strings.TrimSpace(s.OIDCName), Claim: s.OIDCClaim, Factor: list(s.OIDCACR)}
	if o.Issuer == "" {
		if o.ClientID != "" {
			return nil, Bad("OIDC_ISSUER", "", "but OIDC_CLIENT_ID is set: name the provider as well")
		}
		return nil, nil
	}
	u, err := url.Parse(o.Issuer)
	if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && (u.Scheme != "http" || !IsLoopback(u)) {
		said := o.Issuer
		if err != nil || u.User != nil {
			said = "…" // it may hold a password
		}
		return nil, Bad("OIDC_ISSUER", said, "but it must be an address like https://login.example.org, as the provider names itself")
	}
	if o.ClientID == "" {
		return nil, Bad("OIDC_CLIENT_ID", "", "but it must say what this server is registered as at the provider")
	}
	if s.OIDCSecretFile != "" {
		if o.Secret != "" {
			return nil, Bad("OIDC_CLIENT_SECRET_FILE", s.OIDCSecretFile, "but OIDC_CLIENT_SECRET is set too: one of them is enough")
		}
		text, err := os.ReadFile(s.OIDCSecretFile)
		if o.Secret = strings.TrimSpace(string(text)); err != nil || o.Secret == "" {
			return nil, Bad("OIDC_CLIENT_SECRET_FILE", s.OIDCSecretFile, "but it must be a file with the secret in it")
		}
	}
	if o.Name == "" {
		o.Name = u.Host
	}
	if len([]rune(o.Name)) > 40 || strings.ContainsAny(o.Name, "\r\n") {
		return nil, Bad("OIDC_NAME", o.Name, "but it must be one line of at most 40 characters")
	}
	if o.Claim == "" || strings.ContainsAny(o.Claim, " \t\r\n") {
		return nil, Bad("OIDC_CLAIM", o.Claim, "but it must be the name of a claim, like sub or preferred_username")
	}
	return o, nil
}

// mapAttribution is whose the data is, in one line.
func mapAttribution(s string) (string, error) {
	s = strings.TrimSpace(s)
	if len(s) > 300 || strings.ContainsAny(s, "\r\n") {
		return "", Bad("MAP_ATTRIBUTION", s, "but it must say in one line of at most 300 bytes whose the data is")
	}
	return s, nil
}

// mapApproval is the approval number of the map, in one line.
func mapApproval(s string) (string, error) {
	s = strings.TrimSpace(s)
	if len(s) > 100 || strings.ContainsAny(s, "\r\n") {
		return "", Bad("MAP_APPROVAL", s, "but it must be the map's approval number, in one line of at most 100 bytes")
	}
	return s, nil
}

// IsLoopback reports whether u can be reached from this machine only.
func IsLoopback(u *url.URL) bool {
	host := strings.ToLower(u.Hostname())
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && (ip.Unmap().IsLoopback() || ip.IsUnspecified())
}

// checkOrigin takes one origin that is written out. A pattern would let pages nobody named act with a signed-in
// person's rights, and rs/cors answers https://* by reflecting whatever asks.
func checkOrigin(o string) error {
	if strings.Contains(o, "*") || strings.EqualFold(o, "null") {
		return Bad("CORS_ORIGINS", o, "but every origin must be written out, without *")
	}
	u, err := url.Parse(o)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || o != u.Scheme+"://"+u.Host {
		return Bad("CORS_ORIGINS", o, "but an origin is scheme, host and port only, like https://map.example.org")
	}
	return nil
}

func parsePrefix(s string) (netip.Prefix, error) {
	if ip, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(ip.Unmap(), ip.Unmap().BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	return p.Masked(), err
}

// list splits at commas and drops what is empty.
func list(s string) []string {
	var out []string
	for _, part := range strings.Split(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// Archive are the settings of a server that an archive of its tiles is made by, too: it holds what the server answers.
type Archive struct {
	PublicURL   string `name:"public-url" env:"PUBLIC_URL" placeholder:"URL" help:"Address under which people reach the server; it is what signboards say (${env})."`
	TileLimitKB string `name:"tile-limit-kb" env:"TILE_LIMIT_KB" default:"1024" placeholder:"KB" help:"Longest tile before it is compressed, kilobytes: a longer one is made with less in it; 0 means no limit (${env}, default ${default})."`

	MapAttribution string `name:"map-attribution" env:"MAP_ATTRIBUTION" placeholder:"TEXT" help:"Whose the data is that was imported, such as © OpenStreetMap contributors, ODbL; plain text (${env})."`
}

// ArchiveSettings are those of an Archive, checked.
type ArchiveSettings struct {
	PublicURL *url.URL // nil: links are relative
	TileLimit int      // bytes of one tile; 0: no limit

	Attribution string // of the data, plain text; "": none
}

// Check checks the settings.
func (a Archive) Check() (out ArchiveSettings, err error) {
	if out.PublicURL, err = publicURL(a.PublicURL); err != nil {
		return out, err
	}
	if out.Attribution, err = mapAttribution(a.MapAttribution); err != nil {
		return out, err
	}
	out.TileLimit, err = tileLimit(a.TileLimitKB)
	return out, err
}

// tileLimit reads kilobytes as bytes.
func tileLimit(s string) (int, error) {
	kilobytes, err := strconv.ParseInt(s, 10, 64)
	if err != nil || kilobytes < 0 || kilobytes > 1<<20 {
		return 0, Bad("TILE_LIMIT_KB", s, "but it must be a whole number of kilobytes, or 0 for no limit")
	}
	return int(kilobytes << 10), nil
}

// Boards are the settings of a server that signboards are printed by, too.
type Boards struct {
	PublicURL      string `name:"public-url" env:"PUBLIC_URL" placeholder:"URL" help:"Address under which people reach the server; it is what the codes on signboards say (${env}, required)."`
	MapAttribution string `name:"map-attribution" env:"MAP_ATTRIBUTION" placeholder:"TEXT" help:"Whose the data is that was imported; plain text (${env})."`
	MapApproval    string `name:"map-approval" env:"MAP_APPROVAL" placeholder:"TEXT" help:"Approval number (审图号) of the map (${env})."`
	Fonts          string `name:"fonts" env:"FONTS" placeholder:"FILES" help:"TrueType fonts to print in, separated as in PATH; default: a Chinese font of this machine (${env})."`
}

// BoardSettings are those of Boards, checked.
type BoardSettings struct {
	PublicURL   *url.URL
	Attribution string // of the data, plain text; "": none
	Approval    string // of the map, plain text; "": none
	Fonts       string // files; "": what the machine has
}

// Check checks the settings. What is printed stays for years, so the address that it says must be given.
func (b Boards) Check() (out BoardSettings, err error) {
	if strings.TrimSpace(b.PublicURL) == "" {
		return out, Bad("PUBLIC_URL", "", "but the codes on signboards must lead to the server: name the address under which people reach it")
	}
	if out.PublicURL, err = publicURL(b.PublicURL); err != nil {
		return out, err
	}
	if out.Approval, err = mapApproval(b.MapApproval); err != nil {
		return out, err
	}
	out.Fonts = b.Fonts
	out.Attribution, err = mapAttribution(b.MapAttribution)
	return out, err
}
