package idctest_test

import (
	"context"
	"fmt"
	"log"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sso"

	"aws-sso-plugins/pkg/idctest"
)

// In a test, New takes the place of Start and Close:
//
//	srv := idctest.New(t, idctest.Config{})
func Example() {
	srv, err := idctest.Start(idctest.Config{Accounts: idctest.MakeAccounts(2, 1)})
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()

	ctx := context.Background()
	client := sso.New(sso.Options{Region: srv.Region, BaseEndpoint: &srv.URL})
	token := srv.IssueToken("") // a person who has signed in already
	out, err := client.ListAccounts(ctx, &sso.ListAccountsInput{AccessToken: &token.AccessToken})
	if err != nil {
		log.Fatal(err)
	}
	for _, a := range out.AccountList {
		fmt.Println(*a.AccountId, *a.AccountName)
	}

	// Once, the network fails in the middle of a reply; then an administrator ends the session.
	srv.Inject(idctest.Fault{Op: idctest.ListAccounts, Kind: idctest.Cut, Times: 1})
	_, err = client.ListAccounts(ctx, &sso.ListAccountsInput{AccessToken: &token.AccessToken})
	fmt.Println("cut:", err != nil)
	srv.EndSession("")
	_, err = client.ListAccounts(ctx, &sso.ListAccountsInput{AccessToken: &token.AccessToken})
	fmt.Println("ended:", err != nil, srv.Stats().Statuses[401], "of", srv.Count(idctest.ListAccounts))

	// The client did nothing that AWS would not expect of one.
	fmt.Println("violations:", len(srv.Violations()))
	// Output:
	// 111111111111 Platform Production
	// 222222222222 Platform Staging
	// cut: true
	// ended: true 1 of 3
	// violations: 0
}

func ExampleServer_Browse() {
	srv, err := idctest.Start(idctest.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()

	// What a program under test opens in a browser goes to Browse. This page is an error: nobody asked for the code.
	openBrowser := func(page string) error { return srv.Browse(context.Background(), page) }
	fmt.Println(openBrowser(srv.URL+"/device?user_code=BCDF-GHJK") != nil)
	// Output: true
}

func ExampleServer_Update() {
	srv, err := idctest.Start(idctest.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()

	srv.Update(func(c *idctest.Config) {
		c.Accounts = append(c.Accounts, idctest.Account{ID: "123456789012", Name: "New", Roles: []string{"Admin"}})
		c.PageSize = 1
	})
	client := sso.New(sso.Options{Region: srv.Region, BaseEndpoint: &srv.URL})
	pages := sso.NewListAccountsPaginator(client, &sso.ListAccountsInput{
		AccessToken: aws.String(srv.IssueToken("").AccessToken),
	})
	n := 0
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.Background())
		if err != nil {
			log.Fatal(err)
		}
		n += len(page.AccountList)
	}
	fmt.Println(n, "accounts in", srv.Count(idctest.ListAccounts), "pages")
	// Output: 4 accounts in 4 pages
}
