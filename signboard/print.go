package signboard

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"wangge/domain/account"
	"wangge/internal/fault"
	"wangge/signboard/paper"
)

var _ = fault.Register(
	[3]string{"board.file", "{file} cannot be written: {reason}.", "无法写入 {file}：{reason}。"},
	[3]string{"board.withoutPhotos", "{codes}: photos cannot be read now, and no board is printed without them. Nothing was printed; try again later.",
		"{codes}：照片暂时无法读取，公示牌不能缺照片付印。没有印制任何一块，请稍后重试。"},
)

// Job is which boards are printed to one file.
type Job struct {
	Division string // code
	File     string // PDF; it appears when it is complete, over one that is there
	Format   Format
	Lang     fault.Language
	Progress func(done, total int) // of boards, also those that are gone; nil: nobody is told
}

// Printed is what came of a Job.
type Printed struct {
	Boards  int
	Bytes   int64
	Missing []MissingOn
	Gone    []string // codes of grids that were there at first and no more when their turn came; they have no page
}

// mostWithout is how many grids whose photos cannot be read are looked for: each may take seconds.
const mostWithout = 20

// withoutPhotos is that no board of codes is printed.
func withoutPhotos(codes ...string) error {
	return fault.New(fault.Unavailable, "photo", "board.withoutPhotos", "codes", strings.Join(codes, ", "))
}

// MissingOn is what the font lacks of one board.
type MissingOn struct {
	Code       string // of the grid
	Characters string // each once
}

// add notes characters that are not noted.
func (m *MissingOn) add(missing []rune) {
	for _, r := range missing {
		if !strings.ContainsRune(m.Characters, r) {
			m.Characters += string(r)
		}
	}
}

// Print writes the boards of all grids of a division, by code, as the pages of one document; one page is in memory at a time while the next is read.
// NOT_FOUND: no such division, or it has no grids. INVALID: a file that cannot be written ("file"). UNAVAILABLE: photos that cannot be read now; there is no file then.
func Print(ctx context.Context, actor account.Actor, s *Source, fonts *paper.Fonts, job Job) (Printed, error) {
	codes, err := s.Codes(ctx, actor, job.Division)
	if err != nil {
		return Printed{}, err
	}
	none := fault.New(fault.NotFound, "division", "board.noGrids", "code", fault.Shorten(job.Division, 40))
	if len(codes) == 0 {
		return Printed{}, none
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	p := printing{Job: job, total: len(codes)}
	p.Bytes, err = whole(job.File, func(w io.Writer) error {
		boards := ahead(ctx, codes, func(ctx context.Context, code string) (Facts, error) { return s.Grid(ctx, actor, code, job.Lang) })
		err := paper.WritePDF(w, p.sheets(boards, fonts), fonts)
		switch {
		case p.failed != nil || ctx.Err() != nil:
			return errors.Join(p.failed, ctx.Err())
		case len(p.without) > 0:
			return withoutPhotos(p.without...)
		case err != nil:
			return unwritable(job.File, err) // the disk is full
		case p.Boards == 0:
			return none
		}
		return nil
	})
	return p.Printed, err
}

// printing is a Job that is being done.
type printing struct {
	Job
	Printed
	total   int
	without []string // codes of grids whose photos cannot be read
	failed  error    // what ended the reading
}

// sheets draws boards as they are read, until one fails or too many lack photos.
func (p *printing) sheets(boards iter.Seq[read[string]], fonts *paper.Fonts) iter.Seq[*paper.Sheet] {
	return func(yield func(*paper.Sheet) bool) {
		for next := range boards {
			if fault.Is(next.err, fault.NotFound) {
				p.Gone = append(p.Gone, next.of)
				p.tell()
				continue
			}
			if p.failed = next.err; p.failed != nil {
				return
			}
			if next.facts.passing {
				if p.without = append(p.without, next.of); len(p.without) == mostWithout {
					return
				}
			}
			if len(p.without) > 0 { // what was drawn is thrown away
				continue
			}
			sheet, missing := Board(next.facts, p.Format, fonts)
			if len(missing) > 0 {
				p.Missing = append(p.Missing, MissingOn{next.facts.Grid.Code, string(missing)})
			}
			if !yield(sheet) {
				return
			}
			p.Boards++
			p.tell()
		}
	}
}

func (p *printing) tell() {
	if p.Progress != nil {
		p.Progress(p.Boards+len(p.Gone), p.total)
	}
}

// whole has write fill a file that appears when it is complete, over one that is there, and returns how many bytes it has.
func whole(path string, write func(io.Writer) error) (size int64, err error) {
	sweep(filepath.Dir(path))
	file, err := os.CreateTemp(filepath.Dir(path), unfinished)
	if err != nil {
		return 0, unwritable(path, err)
	}
	defer os.Remove(file.Name()) // unless it has its name by then
	defer file.Close()
	buffered := bufio.NewWriterSize(file, 1<<20)
	if err := write(buffered); err != nil {
		return 0, err
	}
	if err := errors.Join(buffered.Flush(), file.Chmod(0o644)); err != nil {
		return 0, unwritable(path, err)
	}
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	if err := file.Close(); err != nil {
		return 0, unwritable(path, err)
	}
	return info.Size(), unwritable(path, os.Rename(file.Name(), path))
}

// unfinished is what files are called, the star being any, that boards are written to until all are.
const unfinished = ".boards-*.pdf"

// sweep removes from a folder what runs left that were killed: unfinished files that nothing was written to for a day. What cannot be removed stays.
func sweep(folder string) {
	list, _ := os.ReadDir(folder)
	for _, entry := range list {
		if is, _ := filepath.Match(unfinished, entry.Name()); !is || !entry.Type().IsRegular() {
			continue
		}
		if info, err := entry.Info(); err == nil && time.Since(info.ModTime()) > 24*time.Hour {
			_ = os.Remove(filepath.Join(folder, entry.Name()))
		}
	}
}

// unwritable is err; where it is of a file, a refusal of the one at path with the reason, but without the paths that the system names.
func unwritable(path string, err error) error {
	var of *fs.PathError
	var link *os.LinkError
	var reason error
	switch {
	case errors.As(err, &of):
		reason = of.Err
	case errors.As(err, &link):
		reason = link.Err
	default:
		return err
	}
	return fault.Wrap(err, fault.Invalid, "file", "board.file", "file", path, "reason", reason)
}

// read is what a board says, or why that is not known.
type read[T any] struct {
	of    T
	facts Facts
	err   error
}

// ahead reads what each of list says a little ahead of who draws them, some at a time, and hands it out in their order. It ends with the first error but
// NOT_FOUND, or when ctx does.
func ahead[T any](ctx context.Context, list []T, say func(context.Context, T) (Facts, error)) iter.Seq[read[T]] {
	return func(yield func(read[T]) bool) {
		ctx, stop := context.WithCancel(ctx)
		var readers sync.WaitGroup
		defer readers.Wait()
		defer stop()
		queue := make(chan chan read[T], atOnce)
		readers.Go(func() {
			defer close(queue)
			for _, of := range list {
				one := make(chan read[T], 1)
				select {
				case queue <- one: // waits while so many are read or wait to be drawn
				case <-ctx.Done():
					return
				}
				readers.Go(func() {
					f, err := say(ctx, of)
					one <- read[T]{of, f, err}
				})
			}
		})
		for one := range queue {
			if r := <-one; !yield(r) || r.err != nil && !fault.Is(r.err, fault.NotFound) {
				return
			}
		}
	}
}

// atOnce is how many boards are read at a time: the database answers several at once, and each takes some hundred kilobytes.
const atOnce = 4
