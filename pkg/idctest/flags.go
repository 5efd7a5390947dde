package idctest

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Flags defines a flag for each knob of the configuration, to be called before fs is parsed. The control endpoint
// /_idc/set of a running server takes the same names and values.
func (c *Config) Flags(fs *flag.FlagSet) {
	fs.StringVar(&c.Addr, "addr", c.Addr, "loopback `address` to listen on; default 127.0.0.1 and a free port")
	fs.BoolVar(&c.AllowRemote, "allow-remote", c.AllowRemote,
		"let -addr be an address that other machines reach, for containers; whoever reaches it is signed in")
	fs.StringVar(&c.PublicURL, "public-url", c.PublicURL, "`URL` by which clients reach the server; default what it listens on")
	fs.StringVar(&c.Region, "region", c.Region, "`region` of Identity Center; default eu-central-1")
	fs.StringVar(&c.StartURL, "start-url", c.StartURL,
		"start `URL` of the default instance; default https://d-1234567890.awsapps.com/start")

	n, roles := 3, MakeAccounts(1, 2)[0].Roles
	if c.Accounts != nil {
		n = len(c.Accounts)
		if n > 0 {
			roles = c.Accounts[0].Roles
		}
	}
	build := func(n int) []Account {
		accounts := MakeAccounts(n, 0)
		for i := range accounts {
			accounts[i].Roles = slices.Clone(roles)
		}
		return accounts
	}
	fs.Func("accounts", "`number` of accounts; default 3", func(value string) (err error) {
		if n, err = count(value); err == nil {
			c.Accounts = build(n)
		}
		return err
	})
	fs.Func("roles", "`roles` of each account, a number or names separated by commas; default 2", func(value string) error {
		if m, err := strconv.Atoi(value); err == nil {
			if m < 0 {
				return fmt.Errorf("negative")
			}
			roles = MakeAccounts(1, m)[0].Roles
		} else {
			roles = strings.Split(value, ",")
		}
		c.Accounts = build(n)
		return nil
	})
	fs.Func("account", "an `ACCOUNT`, ID/ROLE[,ROLE...][=NAME]; repeatable, the first replaces the accounts made up; "+
		"at run time it replaces the account of that id; ID/ removes it, ID/=NAME leaves it without roles", func(value string) error {
		a, err := parseAccount(value)
		if err != nil {
			return err
		}
		c.Accounts = slices.DeleteFunc(append([]Account{}, c.Accounts...), func(old Account) bool { return old.ID == a.ID })
		if len(a.Roles) > 0 || a.Name != "" {
			c.Accounts = append(c.Accounts, a)
		}
		return nil
	})
	fs.Func("accounts-file", "read accounts, roles and e-mails from `FILE`, in JSON", func(value string) error {
		f, err := os.Open(value)
		if err != nil {
			return err
		}
		defer f.Close()
		byURL, err := ReadAccounts(f)
		if err == nil {
			c.addAccounts(byURL)
		}
		return err
	})
	fs.Func("unassign", "at run time: take `ACCOUNT[/ROLE]` from the user; repeatable", func(value string) error {
		id, role, _ := strings.Cut(value, "/")
		i := slices.IndexFunc(c.Accounts, func(a Account) bool { return a.ID == id })
		if i < 0 || role != "" && !slices.Contains(c.Accounts[i].Roles, role) {
			return fmt.Errorf("not assigned")
		}
		c.Accounts = cloneAccounts(c.Accounts)
		if role == "" {
			c.Accounts = slices.Delete(c.Accounts, i, i+1)
		} else {
			c.Accounts[i].Roles = slices.DeleteFunc(c.Accounts[i].Roles, func(r string) bool { return r == role })
		}
		return nil
	})
	fs.BoolFunc("odd-accounts", "add accounts without names and with hostile ones", func(string) error {
		if c.Accounts == nil {
			c.Accounts = build(n)
		}
		c.Accounts = append(c.Accounts, OddAccounts()...)
		return nil
	})
	fs.Func("instance", "a further instance by start URL and number of accounts, `URL=N`; repeatable", func(value string) error {
		i := strings.LastIndexByte(value, '=')
		if i < 0 {
			return fmt.Errorf("want URL=N")
		}
		n, err := count(value[i+1:])
		if err != nil {
			return err
		}
		if c.Instances == nil {
			c.Instances = map[string][]Account{}
		}
		c.Instances[value[:i]] = build(n)
		return nil
	})
	fs.StringVar(&c.User, "user", c.User, "`name` of the person who signs in; default jane@example.com")

	fs.BoolVar(&c.Intercept, "intercept", c.Intercept,
		"also answer for AWS's own hosts, through a proxy with a CA made for the run")
	fs.Func("host", "`HOST` that the proxy of -intercept answers for as well; repeatable", func(value string) error {
		if !hostForm.MatchString(value) {
			return fmt.Errorf("not a host name in lower case")
		}
		c.Hosts = append(slices.Clip(c.Hosts), value)
		return nil
	})
	fs.Func("no-host", "`HOST` that does not exist: the proxy of -intercept answers 502; repeatable", func(value string) error {
		if !hostForm.MatchString(value) {
			return fmt.Errorf("not a host name in lower case")
		}
		c.NoHosts = append(slices.Clip(c.NoHosts), value)
		return nil
	})
	fs.Func("vanity", "`HOST[=URL]` that redirects to URL, by default to the start URL; with -intercept; repeatable",
		func(value string) error {
			host, to, ok := strings.Cut(value, "=")
			if !ok {
				if to = c.StartURL; to == "" {
					to = Config{}.withDefaults().StartURL
				}
			}
			if !hostForm.MatchString(host) {
				return fmt.Errorf("not a host name in lower case")
			}
			vanity := map[string]string{host: to}
			maps.Copy(vanity, c.Vanity)
			vanity[host] = to
			c.Vanity = vanity
			return nil
		})
	fs.BoolVar(&c.NoEndpoints, "no-endpoints", c.NoEndpoints,
		"leave the AWS_ENDPOINT_URL variables out: clients go to AWS's own hosts; with -intercept")
	fs.StringVar(&c.CADir, "ca-dir", c.CADir, "write the CA of -intercept to idctest-ca.pem in `DIR`; default a temporary one")

	fs.DurationVar(&c.Offset, "offset", c.Offset, "how far the server's clock is ahead")
	fs.Uint64Var(&c.Seed, "seed", c.Seed, "`number` that decides which calls a fault with a probability hits")
	fs.DurationVar(&c.Latency, "latency", c.Latency, "how long every reply takes at least")
	fs.Float64Var(&c.Rate, "rate", c.Rate, "portal calls a second, beyond which they get 429; default no limit")
	fs.IntVar(&c.Burst, "burst", c.Burst, "`calls` that may come at once within -rate; default the rate")
	fs.DurationVar(&c.RetryAfter, "retry-after", c.RetryAfter, "send Retry-After with 429 and 503")
	fs.Func("fault", "what goes wrong: `FAULT` is OP[@ACCOUNT[/ROLE]]=KIND[:0.1|:10%|:x3|:200ms], OP may be *; repeatable; none removes all",
		func(value string) error {
			if value == "none" {
				c.Faults = nil
				return nil
			}
			f, err := ParseFault(value)
			if err == nil {
				c.Faults = append(c.Faults, f)
			}
			return err
		})
	fs.Func("deny", "refuse role credentials of `ACCOUNT[/ROLE]` with 403; repeatable", func(value string) error {
		account, role, _ := strings.Cut(value, "/")
		if account == "" {
			return fmt.Errorf("want ACCOUNT[/ROLE]")
		}
		c.Faults = append(c.Faults, Fault{Op: GetRoleCredentials, Account: account, Role: role, Kind: Forbidden})
		return nil
	})
	ruleFlag := func(name, usage string, list *[]Rule) {
		fs.Func(name, usage, func(value string) error {
			if value == "all" {
				*list = slices.Clone(rules)
				return nil
			}
			if !slices.Contains(rules, Rule(value)) {
				return fmt.Errorf("no such rule; there are %v", rules)
			}
			*list = append(*list, Rule(value))
			return nil
		})
	}
	ruleFlag("tolerate", "ignore violations of `RULE`, or all; repeatable", &c.Tolerate)
	ruleFlag("warn", "report violations of `RULE`, or all, as warnings, without a failure; repeatable", &c.Warn)
	fs.Func("disable-region", "`REGION` that no account has enabled: STS answers InvalidClientTokenId; repeatable; none enables all",
		func(value string) error {
			switch {
			case value == "none":
				c.DisabledRegions = nil
			case !regionPattern.MatchString(value):
				return fmt.Errorf("not a region")
			default:
				c.DisabledRegions = append(c.DisabledRegions, value)
			}
			return nil
		})
	fs.IntVar(&c.PageSize, "page-size", c.PageSize, "most `entries` in a page of a listing; default 100")

	fs.Func("approve", "what the `PERSON` does who signs in: visit, auto, deny, never or expire; default visit", func(value string) error {
		c.Approval = Approval(value)
		return c.Approval.check()
	})
	fs.IntVar(&c.SlowDowns, "slow-downs", c.SlowDowns, "how many `polls` of each device code get SlowDownException first")
	fs.Func("interval", "`time` between polls of a device code, 0 for none; default 1s", func(value string) error {
		d, err := time.ParseDuration(value)
		if err == nil && d == 0 {
			d = NoInterval
		}
		c.Interval = d
		return err
	})
	fs.DurationVar(&c.DeviceLifetime, "device-lifetime", c.DeviceLifetime, "of device and authorization codes; default 10m")
	fs.DurationVar(&c.RegistrationLifetime, "registration-lifetime", c.RegistrationLifetime,
		"of client registrations; default 2160h")
	fs.DurationVar(&c.SessionLifetime, "session-lifetime", c.SessionLifetime, "how long a sign-in can be refreshed; default 8h")
	fs.DurationVar(&c.TokenLifetime, "token-lifetime", c.TokenLifetime,
		"of access tokens; default 1h, 8h for clients without scopes")
	fs.DurationVar(&c.CredentialLifetime, "credential-lifetime", c.CredentialLifetime, "of role credentials; default 1h")
	fs.BoolVar(&c.NoRefresh, "no-refresh", c.NoRefresh, "issue no refresh tokens")
	fs.BoolVar(&c.KeepRefreshToken, "keep-refresh-token", c.KeepRefreshToken,
		"leave the refresh token out of replies to a refresh; the old one stays good")
}

func count(value string) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("not a number of accounts")
	}
	return n, nil
}

var accountIDForm = regexp.MustCompile(`^\d{12}$`)

var accountForm = regexp.MustCompile(`(?s)^(\d{12})/([^=]*)(?:=(.*))?$`)

func parseAccount(value string) (Account, error) {
	m := accountForm.FindStringSubmatch(value)
	if m == nil {
		return Account{}, fmt.Errorf("want ID/ROLE[,ROLE...][=NAME], the id of 12 digits")
	}
	a := Account{ID: m[1], Name: m[3]}
	if m[2] != "" {
		a.Roles = strings.Split(m[2], ",")
	}
	return a, nil
}
