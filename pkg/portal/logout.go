package portal

import (
	"context"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/service/sso"

	"aws-sso-plugins/pkg/wire"
)

// Logout ends the session of an access token at the portal of region: the
// token and its refresh token are dead afterwards, role credentials that were
// issued live on
// (https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_Logout.html).
// A token that the portal does not know any more is no error. Faults are as
// [wire.Fault] has them.
func Logout(ctx context.Context, w *wire.Wire, region, token string) error {
	cfg, err := w.Config(wire.Portal, region, nil)
	if err != nil {
		return err
	}
	_, err = sso.NewFromConfig(cfg).Logout(ctx, &sso.LogoutInput{AccessToken: &token})
	if wire.Status(err) == http.StatusUnauthorized {
		return nil
	}
	return wire.Fault(err, "cannot end the session at the portal")
}
