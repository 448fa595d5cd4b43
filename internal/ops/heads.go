package ops

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"wangge/domain/audit"
	"wangge/internal/keyfile"
)

// HeadsFile is the name of the file in the data folder that ends of the audit are written to, where who owns the database cannot change them.
const HeadsFile = "audit.heads"

// Heads keeps the ends of the audit's chains in the file of a data folder: a time, a space and the end a line.
type Heads struct{ Data string }

// Turn implements audit.Anchors.
func (h Heads) Turn(fn func(was []audit.Anchor) (is []audit.Anchor, changed bool, err error)) error {
	file := filepath.Join(h.Data, HeadsFile)
	return keyfile.Alone(file, func() error {
		was, err := h.Read()
		if err != nil {
			return err
		}
		is, changed, err := fn(was)
		if err != nil || !changed {
			return err
		}
		var lines bytes.Buffer
		for _, a := range is {
			fmt.Fprintln(&lines, a.At.UTC().Format(time.RFC3339), a.Head)
		}
		return keyfile.Replace(file, lines.Bytes())
	})
}

// Read are the ends that were written to the file; none where there is none. A line that is none is refused with its number.
func (h Heads) Read() (list []audit.Anchor, err error) {
	text, err := os.ReadFile(filepath.Join(h.Data, HeadsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		at, head, _ := strings.Cut(strings.TrimSpace(line), " ")
		var a audit.Anchor
		if a.Head, err = audit.ParseHead(head); err == nil {
			a.At, err = time.Parse(time.RFC3339, at)
		}
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", HeadsFile, n, err)
		}
		list = append(list, a)
	}
	return list, nil
}
