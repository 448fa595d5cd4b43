// Package album keeps workers' portraits where a deployment says, through gocloud.dev/blob: in a folder, in a bucket of S3 or what speaks its protocol. Which pictures
// there are, whose they are and who may see them is left to domain/staff.
package album

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"sync"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	_ "gocloud.dev/blob/s3blob" // s3://
	"gocloud.dev/gcerrors"

	"wangge/domain/portrait"
	"wangge/internal/fault"
)

var _ = fault.Register(
	[3]string{"album.away", "The place where photos are kept cannot be used now; nothing was changed. The log says why.", "照片存储暂时不可用，未作任何更改。原因见日志。"},
)

// patience is how long one turn to a bucket may take, where the request leaves more.
const patience = 15 * time.Second

// maxImage is more than a portrait ever has, in bytes: a file that somebody else put in its place is not read further.
const maxImage = 4 << 20

// Album keeps portraits; it may be used by many at once.
type Album struct {
	opened func(ctx context.Context) (*blob.Bucket, error)

	mu      sync.Mutex   // never held while the bucket is being opened
	bucket  *blob.Bucket // nil until it is first used: a command that needs no photo needs no place for them
	opening *opening     // nil: nobody opens it now
}

// opening is one try to open the bucket, for all who want it meanwhile.
type opening struct {
	done   chan struct{} // closed when the two below are set
	bucket *blob.Bucket
	err    error
}

// Folder returns the album in a folder of this machine, which is made when it is first used, for the server's user alone. A file is made beside where it will stand and
// then renamed, so that it is whole or not there; no files of metadata stand beside the pictures.
func Folder(path string) *Album {
	return &Album{opened: func(context.Context) (*blob.Bucket, error) {
		return fileblob.OpenBucket(path, &fileblob.Options{CreateDir: true, DirFileMode: 0o700, NoTempDir: true, Metadata: fileblob.MetadataDontWrite})
	}}
}

// At returns the album at an address: file:///folder, which is Folder's, or s3://bucket with the options of gocloud.dev/blob/s3blob. Nothing is opened yet.
func At(address *url.URL) *Album {
	if address.Scheme == fileblob.Scheme {
		return Folder(filepath.FromSlash(address.Path))
	}
	return &Album{opened: func(ctx context.Context) (*blob.Bucket, error) { return blob.OpenBucket(ctx, address.String()) }}
}

// open returns the bucket. Where it must be opened first, which may need credentials from elsewhere, one try is made for all and each waits as long as its ctx lets it.
// One that could not be opened is tried again by who comes next.
func (a *Album) open(ctx context.Context) (*blob.Bucket, error) {
	a.mu.Lock()
	if a.bucket != nil {
		defer a.mu.Unlock()
		return a.bucket, nil
	}
	o := a.opening
	if o == nil {
		o = &opening{done: make(chan struct{})}
		a.opening = o
		go a.try(context.WithoutCancel(ctx), o)
	}
	a.mu.Unlock()
	select {
	case <-o.done:
		return o.bucket, o.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// try opens the bucket within patience, where what opens it heeds its ctx.
func (a *Album) try(ctx context.Context, o *opening) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	o.bucket, o.err = a.opened(ctx)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.opening = nil; o.err == nil {
		a.bucket = o.bucket
	}
	close(o.done)
}

// Close lets go of the bucket.
func (a *Album) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.bucket == nil {
		return nil
	}
	defer func() { a.bucket = nil }()
	return a.bucket.Close()
}

// with runs fn on the bucket. What fails is UNAVAILABLE: the sender can do nothing about it.
func (a *Album) with(ctx context.Context, what string, fn func(ctx context.Context, b *blob.Bucket) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	bucket, err := a.open(ctx)
	if err == nil {
		err = fn(ctx, bucket)
	}
	if err != nil {
		return fault.Wrap(fmt.Errorf("%s a photo: %w", what, err), fault.Unavailable, "", "album.away")
	}
	return nil
}

// fileOf is what a portrait's size is called in the bucket.
func fileOf(name string, small bool) string {
	if small {
		return name + "-160.jpg"
	}
	return name + ".jpg"
}

// Write implements staff.Pictures.
func (a *Album) Write(ctx context.Context, name string, p *portrait.Portrait) error {
	return a.with(ctx, "write", func(ctx context.Context, b *blob.Bucket) error {
		// IfNotExist is not asked for: names are made by chance, and not all that speak S3 know it.
		o := &blob.WriterOptions{ContentType: portrait.MediaType, CacheControl: "private, no-cache"}
		if err := b.WriteAll(ctx, fileOf(name, true), p.Small, o); err != nil {
			return err
		}
		return b.WriteAll(ctx, fileOf(name, false), p.Full, o)
	})
}

// Read implements staff.Pictures.
func (a *Album) Read(ctx context.Context, name string, small bool) (image []byte, ok bool, err error) {
	err = a.with(ctx, "read", func(ctx context.Context, b *blob.Bucket) error {
		r, err := b.NewRangeReader(ctx, fileOf(name, small), 0, maxImage, nil)
		if gcerrors.Code(err) == gcerrors.NotFound {
			return nil
		}
		if err != nil {
			return err
		}
		image, err = io.ReadAll(r)
		ok = err == nil
		return errors.Join(err, r.Close())
	})
	return image, ok, err
}

// Remove implements staff.Pictures.
func (a *Album) Remove(ctx context.Context, name string) error {
	return a.with(ctx, "remove", func(ctx context.Context, b *blob.Bucket) error {
		for _, small := range []bool{false, true} {
			if err := b.Delete(ctx, fileOf(name, small)); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
				return err
			}
		}
		return nil
	})
}

// Check writes a little file and takes it away again, so that a place that cannot be used is found out before somebody's photo is.
func (a *Album) Check(ctx context.Context) error {
	return a.with(ctx, "try to write", func(ctx context.Context, b *blob.Bucket) error {
		name := "try-" + rand.Text()
		if err := b.WriteAll(ctx, name, []byte("wangge"), nil); err != nil {
			return err
		}
		return b.Delete(ctx, name)
	})
}
