package acceptance

import (
	"fmt"
	"log/slog"
	"os"
	"testing"

	"wangge/internal/traces"
)

// TestMain has what servers of these tests log left where it is looked through (make leaks).
func TestMain(m *testing.M) {
	if traces.Folder() != "" {
		log, err := traces.Open("servers")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		slog.SetDefault(slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	}
	os.Exit(m.Run())
}
