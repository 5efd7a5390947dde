package idctest

import "slices"

// Op is an operation of one of the services, by its AWS name, or a page that a browser opens.
type Op string

// The operations and the pages.
const (
	RegisterClient           Op = "RegisterClient"
	StartDeviceAuthorization Op = "StartDeviceAuthorization"
	CreateToken              Op = "CreateToken"
	CreateTokenWithIAM       Op = "CreateTokenWithIAM"

	Authorize    Op = "Authorize"    // page: GET /authorize
	VerifyDevice Op = "VerifyDevice" // page: GET /device

	ListAccounts       Op = "ListAccounts"
	ListAccountRoles   Op = "ListAccountRoles"
	GetRoleCredentials Op = "GetRoleCredentials"
	Logout             Op = "Logout"

	GetCallerIdentity         Op = "GetCallerIdentity"
	AssumeRole                Op = "AssumeRole"
	AssumeRoleWithSAML        Op = "AssumeRoleWithSAML"
	AssumeRoleWithWebIdentity Op = "AssumeRoleWithWebIdentity"
	GetSessionToken           Op = "GetSessionToken"
	GetFederationToken        Op = "GetFederationToken"
	GetAccessKeyInfo          Op = "GetAccessKeyInfo"

	// These are checked and logged as any other, and then denied: no policy of this server allows them.
	AssumeRoot                 Op = "AssumeRoot"
	DecodeAuthorizationMessage Op = "DecodeAuthorizationMessage"
	GetDelegatedAccessToken    Op = "GetDelegatedAccessToken"
	GetScopedCredentials       Op = "GetScopedCredentials"
	GetWebIdentityToken        Op = "GetWebIdentityToken"
)

var (
	oidcOps   = []Op{RegisterClient, StartDeviceAuthorization, CreateToken, CreateTokenWithIAM}
	portalOps = []Op{ListAccounts, ListAccountRoles, GetRoleCredentials, Logout}
	stsOps    = []Op{
		GetCallerIdentity, AssumeRole, AssumeRoleWithSAML, AssumeRoleWithWebIdentity, GetSessionToken,
		GetFederationToken, GetAccessKeyInfo, AssumeRoot, DecodeAuthorizationMessage, GetDelegatedAccessToken,
		GetScopedCredentials, GetWebIdentityToken,
	}
	pageOps = []Op{Authorize, VerifyDevice}
	allOps  = slices.Concat(oidcOps, portalOps, stsOps, pageOps)
)
