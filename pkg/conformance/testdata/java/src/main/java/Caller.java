import software.amazon.awssdk.core.util.VersionInfo;
import software.amazon.awssdk.services.sts.StsClient;

/** Says who each profile is to STS: Caller PROFILE... prints PROFILE, ACCOUNT and ARN. */
public final class Caller {
    public static void main(String[] args) {
        if (args.length > 0 && args[0].equals("--version")) {
            System.out.println(VersionInfo.SDK_VERSION);
            return;
        }
        for (String profile : args) {
            try (StsClient sts = StsClient.builder()
                    .overrideConfiguration(c -> c.defaultProfileName(profile))
                    .build()) {
                var caller = sts.getCallerIdentity();
                System.out.println(String.join("\t", profile, caller.account(), caller.arn()));
            }
        }
    }
}
