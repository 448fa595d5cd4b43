package signboard

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"
	"golang.org/x/sync/singleflight"

	"wangge/domain/account"
	"wangge/internal/answer"
)

// named is the name of a file in a state of the data.
type named struct{ version, name string }

// patience is how long reading one board may take; who asks is then told that the database does not answer.
const patience = 5 * time.Second

// send answers r with what q asks for. The ETag is of all that it depends on. In a state of the data in which that was read before nothing is read, nor is
// anything drawn, for who has it or asks for the header alone. While it is not known which state is that of now, what is kept of the last that was known is sent.
func (d *door) send(w http.ResponseWriter, r *http.Request, q question) error {
	ctx, actor := r.Context(), account.FromContext(r.Context())
	version, known := d.version() // before anything is read, which may be of a later state, but of no earlier one
	if known {
		d.latest.Store(&version)
	}
	asked := strings.Join([]string{string(actor.Role), q.kind, q.look, q.of, string(q.lang)}, "\x00")
	var m made
	latest := d.latest.Load()
	if n, ok := d.names.GetIfPresent(asked); ok && latest != nil && n.version == *latest {
		m.name = n.name
	}
	made, drawn := d.kept.GetIfPresent(m.name)
	if m.name == "" || !drawn && r.Method == http.MethodGet && !has(r, m.name) {
		var err error
		if m, err = d.learn(ctx, actor, q, asked, version); err != nil {
			return err
		}
		made, drawn = d.kept.GetIfPresent(m.name)
	}
	have := has(r, m.name)
	if !have && !drawn && r.Method == http.MethodGet {
		var err error
		if made, err = d.drawn(ctx, m.name, m.write); err != nil {
			return err
		}
		drawn = true
	}
	header := w.Header()
	header.Set("ETag", `"`+m.name+`"`)
	header.Set("Cache-Control", "no-cache")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Security-Policy", cmp.Or(q.policy, "default-src 'none'; img-src data:; sandbox"))
	if have {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	header.Set("Content-Type", mediaTypes[q.kind])
	if drawn {
		header.Set("Content-Length", strconv.Itoa(len(made.body)))
		if made.missing != "" {
			header.Set(missingHeader, made.missing)
		}
	}
	if r.Method == http.MethodGet {
		_, _ = w.Write(made.body) // the sender may be gone; nobody is left to tell
	}
	return nil
}

// has reports whether who sent r has the file of a name.
func has(r *http.Request, name string) bool {
	return slices.ContainsFunc(strings.Split(strings.Join(r.Header.Values("If-None-Match"), ","), ","), func(s string) bool {
		s = strings.TrimPrefix(strings.TrimSpace(s), "W/")
		return name != "" && s == `"`+name+`"` || s == "*"
	})
}

// learn reads what q asks about, once for all who ask the same in one state of the data. What is read goes by that state's name from then on, "" for none. Photos,
// which may lie far away, are read when the connection to the database is free again for others.
func (d *door) learn(ctx context.Context, actor account.Actor, q question, asked, version string) (made, error) {
	data := func() (m made, err error) {
		weight := max(q.weight, 1)
		if err := d.readings.Acquire(ctx, weight); err != nil {
			return m, err
		}
		defer d.readings.Release(weight)
		err = answer.Within(ctx, time.Duration(weight)*patience, func(ctx context.Context) (err error) {
			m, err = q.read(ctx, actor, q.lang)
			return err
		})
		return m, err
	}
	read := func() (made, error) {
		m, err := data()
		if err != nil {
			return m, err
		}
		if err := d.photos(ctx, actor, m.boards...); err != nil {
			return m, err
		}
		passing := slices.ContainsFunc(m.boards, func(f *Facts) bool { return f.passing })
		if m.name, err = d.name(q, m.facts); err == nil && version != "" && !passing {
			d.names.Set(asked, named{version, m.name})
		}
		return m, err
	}
	if version == "" {
		return read()
	}
	return once(ctx, &d.reading, asked+"\x00"+version, read)
}

// drawn is the file of a name: kept, or drawn once for all who ask for it meanwhile, when there is a turn.
func (d *door) drawn(ctx context.Context, name string, write func(context.Context, io.Writer) ([]MissingOn, error)) (file, error) {
	return once(ctx, &d.now, name, func() (made file, err error) {
		if err := d.turns.Acquire(ctx, 1); err != nil {
			return made, err
		}
		defer d.turns.Release(1)
		if made, ok := d.kept.GetIfPresent(name); ok { // drawn since it was looked for
			return made, nil
		}
		var b bytes.Buffer
		missing, err := write(ctx, &b)
		if err != nil {
			return made, err
		}
		made = file{b.Bytes(), missingIn(missing)}
		d.kept.Set(name, made)
		return made, nil
	})
}

// once does what is done under a name once for all who ask for it meanwhile. Who leaves does not wait on; where it ended since the one left for whom it was being
// done, the next who waits begins anew.
func once[T any](ctx context.Context, group *singleflight.Group, name string, do func() (T, error)) (out T, err error) {
	for {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		select {
		case <-ctx.Done():
		case done := <-group.DoChan(name, func() (_ any, err error) {
			defer caught(&err)
			out, err := do()
			if err != nil && ctx.Err() != nil {
				err = errors.Join(errLeft, ctx.Err())
			}
			return out, err
		}):
			switch {
			case done.Err == nil:
				return done.Val.(T), nil
			case !errors.Is(done.Err, errLeft):
				return out, done.Err
			}
		}
	}
}

// errLeft is that something ended since who asked for it left.
var errLeft = errors.New("who asked for the drawing left")

// name is of all that a file depends on: what it says and how, and who draws it.
func (d *door) name(q question, facts any) (string, error) {
	h := xxhash.New()
	_, _ = fmt.Fprintf(h, "%s\x00%s\x00%s\x00%s\x00", d.drawer, q.kind, q.look, q.lang) // a hash takes everything
	err := json.NewEncoder(h).Encode(facts)
	return hex.EncodeToString(h.Sum(nil)), err
}
