package cli

import "testing"

func TestUsers(t *testing.T) {
	plain(t)
	for _, c := range []struct {
		args []string
		did  string // "": refused
		says string
	}{
		{[]string{"add", "li.na", "--role", "staff", "--worker", "w-1"}, "user {Do:add Login:li.na Role:staff Worker:w-1 Factor:false Name:}", "li.na  staff  first password ABCD-EFGH\n"},
		{[]string{"add", "li.na"}, "", ""},
		{[]string{"add", "li.na", "--role", "public"}, "", ""},
		{[]string{"list"}, "user {Do:list Login: Role: Worker: Factor:false Name:}", "li.na  staff  w-1  second factor  disabled\n"},
		{[]string{"disable", "li.na"}, "user {Do:disable Login:li.na Role: Worker: Factor:false Name:}", "li.na  staff  w-1  second factor  disabled\n"},
		{[]string{"enable", "li.na"}, "user {Do:enable Login:li.na Role: Worker: Factor:false Name:}", "li.na  staff  w-1  second factor  disabled\n"},
		{[]string{"reset", "li.na", "--second-factor"}, "user {Do:reset Login:li.na Role: Worker: Factor:true Name:}", "li.na  staff  first password ABCD-EFGH\n"},
		{[]string{"reset"}, "", ""},
		{[]string{"link", "li.na", "10086"}, "user {Do:link Login:li.na Role: Worker: Factor:false Name:10086}", "li.na  staff  w-1  second factor  disabled\n"},
		{[]string{"link", "li.na"}, "", ""},
		{[]string{"demo"}, "user {Do:demo Login: Role: Worker: Factor:false Name:}", "logins to try at /sign-in, on this machine only:\nli.na  staff  ABCD-EFGH  网格员\n"},
	} {
		p := &recorder{}
		code, out, errOut := call(t, p, append([]string{"user"}, c.args...)...)
		if p.did != c.did || out != c.says || (code == 0) != (c.did != "") {
			t.Errorf("%v: exit %d, did %q, says %q %q", c.args, code, p.did, out, errOut)
		}
	}
}
