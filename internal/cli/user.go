package cli

import (
	"fmt"
	"text/tabwriter"
)

type userCmd struct {
	Add     userAddCmd     `cmd:"" help:"Give an account, and say its first password, which is changed at the first sign-in."`
	List    userListCmd    `cmd:"" help:"List the accounts."`
	Disable userDisableCmd `cmd:"" help:"End what an account may do, at once."`
	Enable  userEnableCmd  `cmd:"" help:"Give back what disable took."`
	Reset   userResetCmd   `cmd:"" help:"Give another first password; sessions and tokens of the account end."`
	Link    userLinkCmd    `cmd:"" help:"Have the owner sign in by the OpenID Connect provider, and by no password; reset undoes it."`
	Demo    userDemoCmd    `cmd:"" help:"Give accounts of the demo town, one a role, passwords made anew. They are good only where the server listens on 127.0.0.1 or ::1."`
}

type userAddCmd struct {
	Login  string `arg:"" help:"3 to 40 small letters, digits, points, lines and underscores."`
	Role   string `required:"" enum:"staff,operator,security,auditor" help:"staff (what the worker's posts reach), operator (runs the deployment), security (gives accounts) or auditor (reads the audit)."`
	Worker string `placeholder:"ID" help:"The worker that an account of staff is of, as the GraphQL API names it."`
}

func (c *userAddCmd) Run(r *run) error {
	return r.users(UserJob{Do: UserAdd, Login: c.Login, Role: c.Role, Worker: c.Worker})
}

type userListCmd struct{}

func (userListCmd) Run(r *run) error { return r.users(UserJob{Do: UserList}) }

type userDisableCmd struct {
	Login string `arg:"" help:"The account."`
}

func (c *userDisableCmd) Run(r *run) error { return r.users(UserJob{Do: UserDisable, Login: c.Login}) }

type userEnableCmd struct {
	Login string `arg:"" help:"The account."`
}

func (c *userEnableCmd) Run(r *run) error { return r.users(UserJob{Do: UserEnable, Login: c.Login}) }

type userResetCmd struct {
	Login        string `arg:"" help:"The account."`
	SecondFactor bool   `help:"Take the second factor away too, of who lost the phone and the recovery codes: it is set up anew at the next sign-in."`
}

func (c *userResetCmd) Run(r *run) error {
	return r.users(UserJob{Do: UserReset, Login: c.Login, Factor: c.SecondFactor})
}

type userLinkCmd struct {
	Login string `arg:"" help:"The account."`
	Name  string `arg:"" help:"What the provider's claim (OIDC_CLAIM) says of the person."`
}

func (c *userLinkCmd) Run(r *run) error {
	return r.users(UserJob{Do: UserLink, Login: c.Login, Name: c.Name})
}

type userDemoCmd struct{}

func (userDemoCmd) Run(r *run) error { return r.users(UserJob{Do: UserDemo}) }

func (r *run) users(job UserJob) error {
	s, err := r.settings(commandLevel)
	if err != nil {
		return err
	}
	list, err := r.program.Users(r.ctx, s, job)
	if err != nil {
		return err
	}
	if job.Do == UserDemo && len(list) > 0 {
		fmt.Fprintln(r.out, in(r.lang, "logins to try at /sign-in, on this machine only:", "演示账号（在 /sign-in 登录，仅限本机）："))
	}
	table := tabwriter.NewWriter(r.out, 0, 0, 2, ' ', 0)
	for _, u := range list {
		fmt.Fprintf(table, "%s\t%s", u.Login, u.Role)
		switch job.Do {
		case UserAdd, UserReset:
			fmt.Fprintf(table, "\t%s %s", in(r.lang, "first password", "初始密码"), u.Password)
		case UserDemo:
			fmt.Fprintf(table, "\t%s\t%s", u.Password, u.Post)
		default:
			for _, mark := range []struct {
				is   bool
				text string
			}{{u.Worker != "", u.Worker}, {u.Provider != "", in(r.lang, "signs in as ", "统一登录：") + u.Provider}, {u.Factor, in(r.lang, "second factor", "已设二次验证")}, {u.Disabled, in(r.lang, "disabled", "已停用")}} {
				if mark.is {
					fmt.Fprintf(table, "\t%s", mark.text)
				}
			}
		}
		fmt.Fprintln(table)
	}
	return table.Flush()
}
