package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// tegola comes from the module proxy and is built with its own go.mod and go.sum, without the caches and providers that are
// not for PostGIS.
const (
	tegolaModule  = "github.com/go-spatial/tegola"
	tegolaVersion = "v0.21.2"
	tegolaTags    = "noAzblobCache noS3Cache noRedisCache noGpkgProvider noViewer noPrometheusObserver"
)

// buildTegola returns the program. The first time takes one or two minutes, later what the go command remembers.
func (t *town) buildTegola(ctx context.Context, out io.Writer) (string, error) {
	program := filepath.Join(t.dir, "tegola")
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	fmt.Fprintf(out, "building tegola %s …\n", tegolaVersion)
	// Not "go install …@version": that asks for a list of all versions, which a proxy may refuse.
	// Not in this module either, whose go.sum would get a line.
	said, err := command(ctx, nil, "go", "-C", t.dir, "mod", "download", "-json", tegolaModule+"@"+tegolaVersion)
	if err != nil {
		return "", err
	}
	var module struct{ Dir string }
	if err := json.Unmarshal([]byte(said[max(0, strings.Index(said, "{")):]), &module); err != nil {
		return "", fmt.Errorf("go mod download says %s: %w", said, err)
	}
	_, err = command(ctx, []string{"CGO_ENABLED=0", "GOFLAGS="}, "go", "build", "-C", module.Dir, "-mod=readonly", "-trimpath", "-tags", tegolaTags, "-o", program, "./cmd/tegola")
	return program, err
}

// startTegola serves a database without a cache.
func (t *town) startTegola(ctx context.Context, program, database string) (*process, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := listener.Addr().String()
	listener.Close() // tegola takes a port, and would not say which it was given
	// Its check of the address wants a host; pgx then takes the one after "?host=".
	database = strings.Replace(database, "@:", "@localhost:", 1) + "&sslmode=disable&pool_max_conns=16"
	config := filepath.Join(t.dir, "tegola.toml")
	if err := os.WriteFile(config, []byte(tegolaConfig(database, address)), 0o600); err != nil {
		return nil, err
	}
	return startAt(ctx, "tegola", "http://"+address, "/capabilities", program, "serve", "--no-cache", "--log-level", "ERROR", "--config", config)
}
