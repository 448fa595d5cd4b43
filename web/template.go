package web

import (
	"bytes"
	"io"
	"net/http"
	"sync"

	"wangge/internal/answer"
)

// template answers GET /templates/households.xlsx: the empty list that a community fills in. It is made once, so that its
// bytes, and with them its ETag, stay the same.
func (s *site) template(write func(io.Writer) error) http.HandlerFunc {
	made := sync.OnceValues(func() ([]byte, error) {
		var book bytes.Buffer
		err := write(&book)
		return book.Bytes(), err
	})
	return func(w http.ResponseWriter, r *http.Request) {
		book, err := made()
		if err != nil {
			answer.Refuse(r, s.log, err).Write(w, r)
			return
		}
		w.Header().Set("Content-Disposition", `attachment; filename="households.xlsx"`)
		reply(w, r, http.StatusOK, []string{"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}, book)
	}
}
