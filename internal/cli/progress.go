package cli

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// lineEvery is how often a line is written where there is no terminal to draw a bar on.
const lineEvery = 5 * time.Second

// bar shows how far a command is: drawn on a terminal, else as a line every few seconds.
type bar struct {
	w    io.Writer
	kind string
	did  string // what was done to the rows: "read"

	mu    sync.Mutex
	drawn *progressbar.ProgressBar // nil where w is no terminal
	last  time.Time                // of the last line
	now   Progress                 // the last there was
	told  Progress                 // that of the last line
}

func newBar(w io.Writer, kind string) *bar {
	b := &bar{w: w, kind: kind, did: "read", last: time.Now()}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		b.drawn = progressbar.NewOptions64(-1, progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(kind),
			progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(true),
			progressbar.OptionFullWidth())
	}
	return b
}

func (b *bar) show(p Progress) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if p.Kind != "" && p.Kind != b.kind {
		b.kind = p.Kind
		if b.drawn != nil {
			b.drawn.Reset()
			b.drawn.ChangeMax64(-1)
		}
	}
	if b.drawn != nil {
		if p.Total > 0 && b.drawn.GetMax64() != p.Total {
			b.drawn.ChangeMax64(p.Total)
		}
		b.drawn.Describe(fmt.Sprintf("%d %s", p.Rows, b.kind))
		_ = b.drawn.Set64(p.Done) // a bar that cannot be drawn is no reason to stop
		return
	}
	if b.now = p; p.Rows > 0 && time.Since(b.last) >= lineEvery {
		b.tell()
	}
}

// tell writes a line.
func (b *bar) tell() {
	p := b.now
	b.told, b.last = p, time.Now()
	if p.Total > 0 {
		fmt.Fprintf(b.w, "%d %s %s, %d %%\n", p.Rows, b.kind, b.did, p.Done*100/p.Total)
		return
	}
	fmt.Fprintf(b.w, "%d %s %s\n", p.Rows, b.kind, b.did)
}

// end clears the bar away; after lines, the last says how far it came.
func (b *bar) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.drawn != nil {
		_ = b.drawn.Finish()
		return
	}
	if b.told.Rows > 0 && b.now.Rows > 0 && b.told != b.now {
		b.tell()
	}
}
