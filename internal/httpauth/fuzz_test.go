package httpauth

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"wangge/domain/account"
)

// FuzzBearer: nothing but the token makes an operator.
func FuzzBearer(f *testing.F) {
	f.Add("Bearer " + token)
	f.Add("Basic " + token)
	f.Add("bearer\t" + token)
	door, err := New(Options{Operator: token})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, header string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["Authorization"] = []string{header}
		a, err := door.Who(r)
		if err == nil && (a != account.TheOperator() || !strings.Contains(header, token)) {
			t.Errorf("%q is %+v", header, a)
		}
	})
}
