package web

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"wangge/domain/account"
	"wangge/domain/key"
	"wangge/domain/portrait"
	"wangge/domain/staff"
	"wangge/internal/answer"
	"wangge/internal/fault"
)

var _ = fault.Register(
	[3]string{"web.noPhoto", "There is no such photo.", "没有这张照片。"},
	[3]string{"web.photoSize", "size may be 160, or left out.", "size 只能为 160 或省略。"},
	[3]string{"web.photoForm", "Send a form of the type multipart/form-data with the fields version and photo, the file, once each.",
		"请以 multipart/form-data 表单提交 version 和 photo（照片文件）两个字段，各一次。"},
	[3]string{"web.photoVersion", "version must be the number that was read of the worker.", "version 应为读取该人员时得到的版本号。"},
)

func noPhoto() error { return fault.New(fault.NotFound, "worker", "web.noPhoto") }

// gridPath is where a grid's page is.
func gridPath(code string) string { return "/g/" + url.PathEscape(code) }

// photoPath is where a worker's photo is.
func photoPath(w staff.Worker) string { return "/photos/" + w.Key.String() }

// photo answers GET /photos/{worker's key}, with ?size=160 the small one. Only PNG and JPEG leave this door, whatever the store holds: an SVG or an HTML page served from
// here could run a script as us. Clients keep it and ask again each time, which costs no picture where theirs is the one: a photo that was taken away is gone at once.
func (s *site) photo(w http.ResponseWriter, r *http.Request) {
	photo, err := s.readPhoto(r)
	if err != nil {
		answer.Refuse(r, s.log, err).Write(w, r)
		return
	}
	header := w.Header()
	header.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	if !photo.Public {
		header.Set("Cache-Control", "private, no-cache")
	}
	if photo.Tag != "" && photo.Image == nil { // the sender has it
		header["Etag"] = []string{etag([]byte(photo.Tag))}
		if _, own := header["Cache-Control"]; !own {
			header["Cache-Control"] = noCache
		}
		w.WriteHeader(http.StatusNotModified)
		return
	}
	tag := ""
	if photo.Tag != "" {
		tag = etag([]byte(photo.Tag))
	}
	replyTagged(w, r, http.StatusOK, []string{photo.MediaType}, photo.Image, tag)
}

func (s *site) readPhoto(r *http.Request) (staff.Photo, error) {
	k, ok := key.Parse(r.PathValue("worker"))
	if !ok {
		return staff.Photo{}, noPhoto()
	}
	size := r.URL.Query().Get("size")
	if size != "" && size != "160" {
		return staff.Photo{}, fault.New(fault.Invalid, "size", "web.photoSize")
	}
	var known func(string) bool
	if given := r.Header.Values("If-None-Match"); len(given) > 0 {
		list := strings.Join(given, ",")
		known = func(tag string) bool { return strings.Contains(list, etag([]byte(tag))) } // quoted, so that it is no part of another
	}
	var photo staff.Photo
	err := answer.Within(r.Context(), photoPatience, func(ctx context.Context) (err error) {
		photo, err = s.staff.Photo(ctx, account.FromContext(ctx), k, size != "", known)
		return err
	})
	switch {
	case err != nil:
		return photo, err
	case photo.MediaType != "image/png" && photo.MediaType != portrait.MediaType, photo.Tag == "" && len(photo.Image) == 0:
		return photo, noPhoto()
	}
	return photo, nil
}

// setPhoto answers POST /photos/{worker's key}: a form with version, the worker's as it was read, and photo, a file of JPEG, PNG or WebP. It answers with the worker's
// version now. Who sends it is told by the Authorization header alone, which no page of another origin makes a browser send by itself; such a page that sets it must be
// among CORS_ORIGINS.
func (s *site) setPhoto(w http.ResponseWriter, r *http.Request) {
	worker, err := s.takePhoto(r)
	if err != nil {
		answer.Refuse(r, s.log, err).Write(w, r)
		return
	}
	body, err := json.Marshal(struct {
		ID       string `json:"id"`
		Version  int    `json:"version"`
		PhotoURL string `json:"photoUrl"`
	}{worker.Key.String(), worker.Version, s.publicURL + photoPath(worker)})
	if err != nil {
		answer.Refuse(r, s.log, err).Write(w, r)
		return
	}
	header := w.Header()
	header["Content-Type"], header["Cache-Control"] = asJSON, noStore
	w.Write(append(body, '\n')) // the sender may be gone; nobody is left to tell
}

func (s *site) takePhoto(r *http.Request) (staff.Worker, error) {
	actor := account.FromContext(r.Context())
	if err := actor.RequireOperator(); err != nil {
		return staff.Worker{}, err // before anything is read
	}
	k, ok := key.Parse(r.PathValue("worker"))
	if !ok {
		return staff.Worker{}, fault.New(fault.NotFound, "worker", "worker.notFound", "id", fault.Shorten(r.PathValue("worker"), 60))
	}
	version, file, err := readPhotoForm(r)
	if err != nil {
		return staff.Worker{}, err
	}
	return s.staff.Update(r.Context(), actor, staff.Change{Worker: k, Version: version, PhotoFile: file})
}

// readPhotoForm reads the form in memory, its parts in any order; what a file is called and said to be is not looked at.
func readPhotoForm(r *http.Request) (version int, file []byte, err error) {
	bad := func(err error) (int, []byte, error) {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return 0, nil, err
		}
		return 0, nil, fault.Wrap(err, fault.Invalid, "", "web.photoForm")
	}
	kind, options, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return bad(err)
	}
	version = -1
	for form := multipart.NewReader(r.Body, options["boundary"]); ; {
		part, err := form.NextPart()
		if err == io.EOF && version >= 0 && file != nil {
			return version, file, nil
		}
		if err != nil {
			return bad(err)
		}
		switch name := part.FormName(); {
		case name == "photo" && file == nil:
			sent := bufio.NewReader(io.LimitReader(part, portrait.MaxBytes+1))
			first, err := sent.Peek(portrait.KindBytes)
			if err != nil && err != io.EOF {
				return bad(err)
			}
			if err := portrait.CheckKind(first); err != nil { // the rest is not read
				return 0, nil, err
			}
			if file, err = io.ReadAll(sent); err != nil {
				return bad(err)
			}
			if len(file) > portrait.MaxBytes { // the rest is not read
				return 0, nil, fault.New(fault.Invalid, "photo", "portrait.bytes", "max", portrait.MaxBytes>>20)
			}
		case name == "version" && version < 0:
			text, err := io.ReadAll(io.LimitReader(part, 20))
			if err != nil {
				return bad(err)
			}
			if version, err = strconv.Atoi(string(text)); err != nil || version < 1 {
				return 0, nil, fault.New(fault.Invalid, "version", "web.photoVersion")
			}
		default:
			return bad(nil)
		}
	}
}
