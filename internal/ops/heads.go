package ops

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"wangge/domain/audit"
)

// HeadsFile is the name of the file in the data folder that ends of the audit are written to, where who owns the database cannot change them.
const HeadsFile = "audit.heads"

// KeepHeads writes the ends of the audit's chains to the file and to the log.
func KeepHeads(data string, log *slog.Logger) func([]audit.Head) error {
	return func(heads []audit.Head) (err error) {
		f, err := os.OpenFile(filepath.Join(data, HeadsFile), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		var lines strings.Builder
		for _, h := range heads {
			fmt.Fprintln(&lines, time.Now().UTC().Format(time.RFC3339), h)
			log.Info("audit", "head", h.String())
		}
		_, err = f.WriteString(lines.String())
		return err
	}
}

// ReadHeads are the ends that were written to the file; none where there is none. A line that is no head is refused with its number.
func ReadHeads(data string) (heads []audit.Head, err error) {
	f, err := os.Open(filepath.Join(data, HeadsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		_, text, _ := strings.Cut(lines.Text(), " ")
		h, err := audit.ParseHead(text)
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", HeadsFile, n, err)
		}
		heads = append(heads, h)
	}
	return heads, lines.Err()
}
