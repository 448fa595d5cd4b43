package acceptance

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/album"
	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/key"
	"wangge/domain/portrait"
	"wangge/domain/staff"
	"wangge/internal/fault"
	"wangge/load"
	"wangge/load/demo"
)

// facePNG is a picture of one shade, which its portrait has too.
func facePNG(t *testing.T, shade uint8) []byte {
	t.Helper()
	p := image.NewGray(image.Rect(0, 0, 320, 400))
	for i := range p.Pix {
		p.Pix[i] = shade
	}
	var out bytes.Buffer
	if err := png.Encode(&out, p); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func madePortrait(t *testing.T, shade uint8) *portrait.Portrait {
	t.Helper()
	p, err := portrait.Make(t.Context(), facePNG(t, shade))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// photoTown is a town with one worker whose pictures lie in a folder.
type photoTown struct {
	*town
	folder string
	worker staff.Worker
}

func newPhotoTown(t *testing.T) *photoTown {
	w := newTown(t)
	places(t, w)
	p := &photoTown{town: w, folder: filepath.Join(t.TempDir(), "photos")}
	w.Staff.Pictures = album.Folder(p.folder)
	var err error
	if p.worker, err = w.Staff.Add(t.Context(), operator, staff.NewWorker{Name: "周晓"}, staff.AreaDivision, photoCommunity); err != nil {
		t.Fatal(err)
	}
	return p
}

const photoCommunity = "990103001001"

// places makes a community to keep workers with.
func places(t *testing.T, w *town) {
	t.Helper()
	w.mustBring(t, load.Job{Kind: load.Divisions, Path: file(t, "divisions.geojson", `{"type":"FeatureCollection","features":[
		{"type":"Feature","properties":{"code":"990103","name":"某区","level":"DISTRICT"},"geometry":null},
		{"type":"Feature","properties":{"code":"990103001001","name":"某社区","level":"COMMUNITY","parent":"990103"},"geometry":null}]}`)})
}

// files are the names in the folder of pictures.
func (p *photoTown) files(t *testing.T) (names []string) {
	t.Helper()
	list, err := os.ReadDir(p.folder)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for _, f := range list {
		names = append(names, f.Name())
	}
	return names
}

// set gives the worker a photo of a shade.
func (p *photoTown) set(t *testing.T, shade uint8) error {
	t.Helper()
	w, err := p.Staff.Update(t.Context(), operator, staff.Change{Worker: p.worker.Key, Version: p.worker.Version, Photo: madePortrait(t, shade)})
	if err == nil {
		p.worker = w
	}
	return err
}

// shade reads the worker's photo as somebody and returns what it shows; 0 where it is refused.
func (p *photoTown) shade(t *testing.T, actor account.Actor, small bool) (uint8, error) {
	t.Helper()
	photo, err := p.Staff.Photo(t.Context(), actor, p.worker.Key, small, nil)
	if err != nil {
		return 0, err
	}
	picture, err := jpeg.Decode(bytes.NewReader(photo.Image))
	if err != nil {
		t.Fatal(err)
	}
	if wide := picture.Bounds().Dx(); small != (wide == 160) {
		t.Errorf("%d pixels wide, small: %v", wide, small)
	}
	return color.GrayModel.Convert(picture.At(50, 50)).(color.Gray).Y, nil
}

// loose is how many pictures are noted that no worker has.
func (p *photoTown) loose(t *testing.T) (n int) {
	t.Helper()
	p.row(t, "SELECT count(*) FROM loose_photo", &n)
	return n
}

// run runs a statement past the services.
func (p *photoTown) run(t *testing.T, sql string, args ...any) {
	t.Helper()
	err := p.As(t.Context(), operator, func(ctx context.Context, tx pgx.Tx) error { _, err := tx.Exec(ctx, sql, args...); return err })
	if err != nil {
		t.Fatal(err)
	}
}

func (p *photoTown) wantShade(t *testing.T, want uint8) {
	t.Helper()
	for _, small := range []bool{false, true} {
		if got, err := p.shade(t, operator, small); err != nil || got != want {
			t.Errorf("small %v: shade %d, %v; want %d", small, got, err, want)
		}
	}
}

func TestAPhotoFromFirstToLast(t *testing.T) {
	p := newPhotoTown(t)
	if _, err := p.shade(t, operator, false); !fault.Is(err, fault.NotFound) {
		t.Errorf("before the first: %v", err)
	}
	if err := p.set(t, 100); err != nil {
		t.Fatal(err)
	}
	if p.worker.Version != 2 || !p.worker.HasPhoto {
		t.Errorf("%+v", p.worker)
	}
	p.wantShade(t, 100)
	first := p.files(t)
	if len(first) != 2 || p.loose(t) != 0 || strings.Contains(strings.Join(first, ""), p.worker.Key.ID.String()[:8]) {
		t.Errorf("%v lie there, %d are noted", first, p.loose(t))
	}

	// The public sees it while the worker is in office, or will be.
	if _, err := p.shade(t, account.Anyone(), false); !fault.Is(err, fault.NotFound) {
		t.Errorf("of who holds no post: %v", err)
	}
	today := p.Staff.Day(nil)
	until := today.AddDays(30)
	a, err := p.Staff.Appoint(t.Context(), operator, staff.Appointment{Worker: p.worker.Key, Post: staff.StationHead, Cover: staff.CoverA, AreaKind: staff.AreaDivision,
		AreaName: photoCommunity, From: day(today.AddDays(-9)), Until: &until})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := p.shade(t, account.Anyone(), true); err != nil || got != 100 {
		t.Errorf("of who is in office: %d, %v", got, err)
	}
	if err := p.Staff.End(t.Context(), operator, a.Key, today); err != nil {
		t.Fatal(err)
	}
	if _, err := p.shade(t, account.Anyone(), false); !fault.Is(err, fault.NotFound) {
		t.Errorf("of who was in office: %v", err)
	}

	// A tag that is known comes without its picture.
	photo, err := p.Staff.Photo(t.Context(), operator, p.worker.Key, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(p.folder); err != nil {
		t.Fatal(err)
	}
	if again, err := p.Staff.Photo(t.Context(), operator, p.worker.Key, false, func(tag string) bool { return tag == photo.Tag }); err != nil || again.Image != nil || again.Tag != photo.Tag {
		t.Errorf("%+v, %v", again, err)
	}
	if _, err := p.shade(t, operator, false); !fault.Is(err, fault.Unavailable) {
		t.Errorf("of a folder that was lost: %v", err)
	}

	if err := p.set(t, 150); err != nil { // mends it
		t.Fatal(err)
	}
	p.wantShade(t, 150)
	second := p.files(t)
	if err := p.set(t, 200); err != nil {
		t.Fatal(err)
	}
	p.wantShade(t, 200)
	if third := p.files(t); len(third) != 2 || third[0] == second[0] || p.loose(t) != 0 {
		t.Errorf("after a new one %v lie there, and %d are noted", third, p.loose(t))
	}
	name := "周小晓"
	if p.worker, err = p.Staff.Update(t.Context(), operator, staff.Change{Worker: p.worker.Key, Version: p.worker.Version, Name: &name}); err != nil || !p.worker.HasPhoto {
		t.Fatal(p.worker, err)
	}
	p.wantShade(t, 200)
	if p.worker, err = p.Staff.Update(t.Context(), operator, staff.Change{Worker: p.worker.Key, Version: p.worker.Version, NoPhoto: true}); err != nil || p.worker.HasPhoto {
		t.Fatal(p.worker, err)
	}
	if left := p.files(t); len(left) != 0 || p.loose(t) != 0 {
		t.Errorf("after it was taken away %v lie there, %d are noted", left, p.loose(t))
	}
}

func day(d civil.Date) *civil.Date { return &d }

// breaking is an album that fails, or ends the process for what it is asked, where it is told to.
type breaking struct {
	staff.Pictures
	write, remove error
	written       func()
}

func (b *breaking) Write(ctx context.Context, name string, p *portrait.Portrait) error {
	if b.write != nil {
		return b.write
	}
	err := b.Pictures.Write(ctx, name, p)
	if b.written != nil {
		b.written()
	}
	return err
}

func (b *breaking) Remove(ctx context.Context, name string) error {
	if b.remove != nil {
		return b.remove
	}
	return b.Pictures.Remove(ctx, name)
}

var errKilled = errors.New("killed")

// TestAPictureThatNoRowNames: whatever ends between the picture and the row leaves the photo that was, and nothing for good.
func TestAPictureThatNoRowNames(t *testing.T) {
	p := newPhotoTown(t)
	if err := p.set(t, 100); err != nil {
		t.Fatal(err)
	}
	b := &breaking{Pictures: p.Staff.Pictures}
	p.Staff.Pictures = b

	t.Run("killed between", func(t *testing.T) {
		b.written = func() { panic(errKilled) }
		func() {
			defer func() {
				if recover() != errKilled { //nolint:errorlint // the very one
					t.Error("it went on")
				}
			}()
			_ = p.set(t, 150)
		}()
		b.written = nil
		if n := len(p.files(t)); n != 4 || p.loose(t) != 1 {
			t.Errorf("%d files, %d noted", n, p.loose(t))
		}
		p.wantShade(t, 100)
		if n, err := p.Staff.SweepPhotos(t.Context(), operator); n != 0 || err != nil {
			t.Errorf("swept too early: %d, %v", n, err)
		}
		p.run(t, "UPDATE loose_photo SET since = now() - interval '61 minutes'")
		if n, err := p.Staff.SweepPhotos(t.Context(), operator); n != 1 || err != nil || len(p.files(t)) != 2 || p.loose(t) != 0 {
			t.Errorf("swept %d, %v; %v lie there", n, err, p.files(t))
		}
		p.wantShade(t, 100)
	})

	t.Run("the place refuses", func(t *testing.T) {
		b.write = fault.New(fault.Unavailable, "", "album.away")
		defer func() { b.write = nil }()
		if err := p.set(t, 150); !fault.Is(err, fault.Unavailable) {
			t.Error(err)
		}
		p.wantShade(t, 100)
		p.run(t, "UPDATE loose_photo SET since = now() - interval '61 minutes'")
		if n, err := p.Staff.SweepPhotos(t.Context(), operator); n != 1 || err != nil {
			t.Errorf("swept %d, %v", n, err)
		}
	})

	t.Run("somebody else was quicker", func(t *testing.T) {
		b.written = func() { p.run(t, "UPDATE worker SET version = version + 1") }
		if err := p.set(t, 150); !fault.Is(err, fault.Conflict) {
			t.Error(err)
		}
		b.written = nil
		p.worker.Version++
		p.wantShade(t, 100)
		if n := p.loose(t); n != 1 {
			t.Errorf("%d noted", n)
		}
		p.run(t, "UPDATE loose_photo SET since = now() - interval '61 minutes'")
	})

	t.Run("swept while it is written", func(t *testing.T) {
		b.written = func() {
			p.run(t, "UPDATE loose_photo SET since = now() - interval '61 minutes'")
			if _, err := p.Staff.SweepPhotos(t.Context(), operator); err != nil {
				t.Error(err)
			}
		}
		if err := p.set(t, 150); !fault.Is(err, fault.Unavailable) {
			t.Error(err)
		}
		b.written = nil
		p.wantShade(t, 100)
		if n := len(p.files(t)); n != 2 || p.loose(t) != 0 {
			t.Errorf("%d files, %d noted", n, p.loose(t))
		}
	})

	t.Run("the old one cannot be removed", func(t *testing.T) {
		b.remove = fault.New(fault.Unavailable, "", "album.away")
		if err := p.set(t, 200); err != nil {
			t.Fatal(err)
		}
		p.wantShade(t, 200)
		if n := len(p.files(t)); n != 4 || p.loose(t) != 1 {
			t.Errorf("%d files, %d noted", n, p.loose(t))
		}
		b.remove = nil
		if n, err := p.Staff.SweepPhotos(t.Context(), operator); n != 1 || err != nil || len(p.files(t)) != 2 {
			t.Errorf("swept %d, %v", n, err)
		}
		p.wantShade(t, 200)
	})

	if _, err := p.Staff.SweepPhotos(t.Context(), account.Anyone()); !fault.Is(err, fault.Forbidden) {
		t.Errorf("by the public: %v", err)
	}
}

// TestAFolderThatCannotBeWritten: who sends a photo is told, nothing changes, and all else goes on.
func TestAFolderThatCannotBeWritten(t *testing.T) {
	p := newPhotoTown(t)
	p.Staff.Pictures = album.Folder("/proc/photos")
	if err := p.set(t, 100); !fault.Is(err, fault.Unavailable) {
		t.Errorf("%v", err)
	}
	name := "周小晓"
	w, err := p.Staff.Update(t.Context(), operator, staff.Change{Worker: p.worker.Key, Version: 1, Name: &name})
	if err != nil || w.HasPhoto {
		t.Errorf("%+v, %v", w, err)
	}
}

// TestPhotosFromBefore: those that lie in the database are served, replaced, and moved where somebody asks for it.
func TestPhotosFromBefore(t *testing.T) {
	p := newPhotoTown(t)
	other, err := p.Staff.Add(t.Context(), operator, staff.NewWorker{Name: "吴一"}, staff.AreaDivision, photoCommunity)
	if err != nil {
		t.Fatal(err)
	}
	third, err := p.Staff.Add(t.Context(), operator, staff.NewWorker{Name: "郑二"}, staff.AreaDivision, photoCommunity)
	if err != nil {
		t.Fatal(err)
	}
	old := facePNG(t, 100)
	var tiny bytes.Buffer
	if err := png.Encode(&tiny, image.NewGray(image.Rect(0, 0, 9, 9))); err != nil {
		t.Fatal(err)
	}
	put := func(w staff.Worker, image []byte) {
		p.run(t, "INSERT INTO worker_photo (district, worker_id, media_type, image) VALUES ($1, $2, 'image/png', $3)", w.Key.Home, w.Key.ID, image)
	}
	put(p.worker, old)
	put(other, old)
	put(third, tiny.Bytes())
	want := func(w key.Key, image []byte) {
		t.Helper()
		for _, small := range []bool{false, true} {
			if got, err := p.Staff.Photo(t.Context(), operator, w, small, nil); err != nil || got.MediaType != "image/png" || got.Tag != "" || !bytes.Equal(got.Image, image) {
				t.Errorf("%s, %q, %d bytes, %v", got.MediaType, got.Tag, len(got.Image), err)
			}
		}
	}
	want(p.worker.Key, old)
	if err := p.set(t, 200); err != nil {
		t.Fatal(err)
	}
	p.wantShade(t, 200)
	for _, n := range []int{1, 0} {
		moved, left, err := p.Staff.MovePhotos(t.Context(), operator)
		if moved != n || left != 1 || err != nil {
			t.Errorf("%d moved, %d left, %v", moved, left, err)
		}
	}
	p.wantShade(t, 200)
	p.worker = other
	p.wantShade(t, 100)
	want(third.Key, tiny.Bytes())
	if n := len(p.files(t)); n != 4 || p.loose(t) != 0 {
		t.Errorf("%d files, %d noted", n, p.loose(t))
	}
	if _, _, err := p.Staff.MovePhotos(t.Context(), account.Anyone()); !fault.Is(err, fault.Forbidden) {
		t.Errorf("by the public: %v", err)
	}
}

// TestPhotosOfTheDemo come the same way, and once: a second loading leaves what a sweep takes.
func TestPhotosOfTheDemo(t *testing.T) {
	w := newTown(t)
	p := &photoTown{town: w, folder: filepath.Join(t.TempDir(), "photos")}
	w.Staff.Pictures = album.Folder(p.folder)
	region := demo.Make("community")
	began := time.Now()
	for range 2 {
		if _, err := load.Region(t.Context(), operator, w.Services, region, func(string, int, int) {}); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("two loadings took %v", time.Since(began))
	var named int
	w.row(t, "SELECT count(*) FROM worker_photo WHERE name IS NOT NULL", &named)
	if named < 10 || len(p.files(t)) != 2*(named+p.loose(t)) {
		t.Errorf("%d photos, %d files, %d noted", named, len(p.files(t)), p.loose(t))
	}
	p.run(t, "UPDATE loose_photo SET since = now() - interval '61 minutes'")
	if _, err := p.Staff.SweepPhotos(t.Context(), operator); err != nil || len(p.files(t)) != 2*named {
		t.Errorf("%v; %d files of %d photos", err, len(p.files(t)), named)
	}
}
