package staff

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"log/slog"
	"time"

	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/key"
	"wangge/domain/portrait"
	"wangge/internal/fault"
)

// Pictures keeps portraits under names; package album implements it. Its errors are UNAVAILABLE: it cannot be reached, or refuses.
type Pictures interface {
	// Write keeps a portrait; it is there as a whole or not at all when Write returns.
	Write(ctx context.Context, name string, p *portrait.Portrait) error
	// Read returns the portrait's JPEG, the small one or the full one; ok is false where there is none of that name.
	Read(ctx context.Context, name string, small bool) (image []byte, ok bool, err error)
	// Remove takes a portrait away; where there is none it does nothing.
	Remove(ctx context.Context, name string) error
}

// Photo is a worker's picture as it is served.
type Photo struct {
	MediaType string // image/jpeg, or image/png of those that lie in the database from before
	Image     []byte
	Tag       string // another picture has another; "" of those that lie in the database. It is for caches: names in it are nobody else's business
	Public    bool   // whether everybody may see it
}

// StoredPhoto is where a worker's photo lies: in Pictures under Name, or itself in Image where Name is "".
type StoredPhoto struct {
	Name      string
	MediaType string
	Image     []byte
	InOffice  bool // whether the worker holds a post, or will
}

const (
	// loose is how long a picture that no worker has is left alone: whoever wrote it may be about to name it.
	loose = time.Hour
	// sweepsEvery is how often a server looks for such pictures.
	sweepsEvery = 10 * time.Minute
	// holdsEvery is how often those of an import that is still being read are noted anew.
	holdsEvery = loose / 6
	// maxStuck is how many pictures that cannot be removed end a sweep: the store of pictures is away then.
	maxStuck = 10
)

var _ = fault.Register(
	[3]string{"worker.photo", "The photo must be the file in base64.", "照片应为文件内容的 base64 编码。"},
	[3]string{"worker.noPhoto", "The worker has no photo.", "该人员没有照片。"},
	[3]string{"worker.photoAway", "The photo cannot be shown now.", "照片暂时无法显示。"},
	[3]string{"worker.photosOff", "Photos are not kept here.", "此处不保存照片。"},
)

var errNoPictures = fault.New(fault.Unavailable, "", "worker.photosOff")

// PhotoFile is a file in base64, which is read later. INVALID at "photo": it is none, or larger than portrait.Make takes.
func PhotoFile(encoded string) ([]byte, error) {
	if base64.StdEncoding.DecodedLen(len(encoded)) > portrait.MaxBytes+2 { // two are padding at most
		return nil, fault.New(fault.Invalid, "photo", "portrait.bytes", "max", portrait.MaxBytes>>20)
	}
	file, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "photo", "worker.photo")
	}
	return file, nil
}

// pictureOf is made of a file; nil: it is the one that there is.
func pictureOf(ctx context.Context, file []byte, there *portrait.Portrait) (*portrait.Portrait, error) {
	if file == nil {
		return there, nil
	}
	return portrait.Make(ctx, file)
}

// Photo returns a worker's photo, where there is one the small one. Where known takes its tag it comes without its image, which is not read then; nil takes none.
// NOT_FOUND: no such worker, no photo, or the actor may not see it: the public sees those of workers who hold a post or will. UNAVAILABLE: it cannot be read now.
func (s *Service) Photo(ctx context.Context, actor account.Actor, worker key.Key, small bool, known func(tag string) bool) (Photo, error) {
	for again := false; ; again = true {
		at, ok, err := s.Store.Photo(ctx, actor, worker, s.Day(nil))
		if err == nil && (!ok || !at.InOffice && actor.RequireOperator() != nil) {
			err = fault.New(fault.NotFound, "id", "worker.noPhoto")
		}
		if err != nil {
			return Photo{}, err
		}
		p := Photo{MediaType: at.MediaType, Image: at.Image, Public: at.InOffice}
		if at.Name == "" {
			return p, nil
		}
		if s.Pictures == nil {
			return Photo{}, errNoPictures
		}
		p.Tag = at.Name
		if small {
			p.Tag += " small"
		}
		if known != nil && known(p.Tag) {
			return p, nil
		}
		if p.Image, ok, err = s.Pictures.Read(ctx, at.Name, small); err != nil {
			return Photo{}, err
		}
		switch {
		case ok:
			return p, nil
		case again: // it was not replaced just now: it is lost, or the store of pictures is another than that it was written to
			return Photo{}, fault.Wrap(errors.New("the picture is not in the store of pictures"), fault.Unavailable, "", "worker.photoAway")
		}
	}
}

// withPhoto writes a portrait, nil for none, and has save give it to a worker by its name, "" for none. Whatever happens between, a picture that no worker has is swept
// away later: it stands in the store's list of these from before it is written until the transaction of save.
func (s *Service) withPhoto(ctx context.Context, actor account.Actor, p *portrait.Portrait, save func(name string) (Worker, error)) (Worker, error) {
	name, err := s.keep(ctx, actor, p)
	if err != nil {
		return Worker{}, err
	}
	return save(name)
}

// keep writes a portrait that no worker has yet and returns its name; "" for none.
func (s *Service) keep(ctx context.Context, actor account.Actor, p *portrait.Portrait) (name string, err error) {
	switch {
	case p == nil:
		return "", nil
	case s.Pictures == nil:
		return "", errNoPictures
	}
	name = rand.Text() // nobody can guess it, and it says nothing of whom it shows
	if err := s.Store.NotePhoto(ctx, actor, name); err != nil {
		return "", err
	}
	return name, s.Pictures.Write(ctx, name, p)
}

// SweepPhotos removes the pictures that no worker has, and returns how many: those that were replaced at once, those that were written and never named after an hour.
// One that cannot be removed is left alone for an hour and the others are gone on with; after ten of these it ends. The error is that of the first.
// It looks at the list of these alone, never through the store of pictures, so that what others keep there is safe. Operators only.
func (s *Service) SweepPhotos(ctx context.Context, actor account.Actor) (removed int, err error) {
	if err := actor.RequireOperator(); err != nil || s.Pictures == nil {
		return 0, err
	}
	var first error
	for failed := 0; failed < maxStuck; {
		var stuck string
		found, err := s.Store.SweepPhoto(ctx, actor, loose, func(name string) error {
			err := s.Pictures.Remove(ctx, name)
			if err != nil {
				stuck = name
			}
			return err
		})
		switch {
		case stuck != "" && ctx.Err() == nil:
			failed++
			first = cmp.Or(first, err)
			if err := s.Store.HoldPhotos(ctx, actor, []string{stuck}); err != nil {
				return removed, err
			}
		case err != nil:
			return removed, err
		case !found:
			return removed, first
		default:
			removed++
		}
	}
	return removed, first
}

// removeLost removes the picture that a worker has just lost, "" for none. What fails is left to KeepSwept.
func (s *Service) removeLost(ctx context.Context, actor account.Actor, name string) {
	if name == "" || s.Pictures == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_ = s.Store.RemovePhoto(ctx, actor, name, func() error { return s.Pictures.Remove(ctx, name) })
}

// KeepSwept sweeps now and every ten minutes until ctx ends.
func (s *Service) KeepSwept(ctx context.Context, actor account.Actor, log *slog.Logger) {
	tick := time.NewTicker(sweepsEvery)
	defer tick.Stop()
	for {
		if _, err := s.SweepPhotos(ctx, actor); err != nil && ctx.Err() == nil {
			log.Warn("photos that were replaced are not removed yet", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// MovePhotos takes the photos that lie in the database from before to the store of pictures, cut and scaled like new ones, and returns how many; left are those that are
// no pictures that Make takes, such as too small ones, which stay as they are. Operators only.
func (s *Service) MovePhotos(ctx context.Context, actor account.Actor) (moved, left int, err error) {
	if err := actor.RequireOperator(); err != nil {
		return 0, 0, err
	}
	workers, err := s.Store.InlinePhotos(ctx, actor)
	if err != nil {
		return 0, 0, err
	}
	for _, w := range workers {
		at, ok, err := s.Store.Photo(ctx, actor, w, civil.Date{})
		if err != nil {
			return moved, left, err
		}
		if !ok || at.Name != "" { // changed meanwhile
			continue
		}
		p, err := portrait.Make(ctx, at.Image)
		if fault.Is(err, fault.Invalid) {
			left++
			continue
		}
		name := ""
		if err == nil {
			name, err = s.keep(ctx, actor, p)
		}
		if err == nil {
			ok, err = s.Store.MovePhoto(ctx, actor, w, at.Image, name)
		}
		if err != nil {
			return moved, left, err
		}
		if ok {
			moved++
		}
	}
	return moved, left, nil
}
