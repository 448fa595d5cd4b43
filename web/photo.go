package web

import (
	"net/http"
	"net/url"

	"wangge/domain/account"
	"wangge/domain/key"
	"wangge/domain/staff"
	"wangge/internal/answer"
	"wangge/internal/fault"
)

var _ = fault.Register([3]string{"web.noPhoto", "There is no such photo.", "没有这张照片。"})

func noPhoto() error { return fault.New(fault.NotFound, "worker", "web.noPhoto") }

// gridPath is where a grid's page is.
func gridPath(code string) string { return "/g/" + url.PathEscape(code) }

// photoPath is where a worker's photo is.
func photoPath(w staff.Worker) string { return "/photos/" + w.Key.String() }

// photo answers GET /photos/{worker's key}. Only PNG and JPEG leave this door, whatever the store holds: an SVG or
// an HTML page served from here could run a script as us.
func (s *site) photo(w http.ResponseWriter, r *http.Request) {
	k, ok := key.Parse(r.PathValue("worker"))
	if !ok {
		answer.Refuse(r, s.log, noPhoto()).Write(w, r)
		return
	}
	photo, err := s.staff.Photo(r.Context(), account.FromContext(r.Context()), k)
	if err == nil && (photo.MediaType != "image/png" && photo.MediaType != "image/jpeg" || len(photo.Image) == 0) {
		err = noPhoto()
	}
	if err != nil {
		answer.Refuse(r, s.log, err).Write(w, r)
		return
	}
	w.Header().Set("Content-Security-Policy", "default-src 'none'; sandbox")
	reply(w, r, http.StatusOK, []string{photo.MediaType}, photo.Image)
}
