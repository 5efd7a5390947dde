"""Says who each profile is to STS: caller.py PROFILE... prints PROFILE, ACCOUNT and ARN."""

import sys

import boto3

if sys.argv[1:] == ["--version"]:
    print(boto3.__version__)
else:
    for profile in sys.argv[1:]:
        caller = boto3.Session(profile_name=profile).client("sts").get_caller_identity()
        print(profile, caller["Account"], caller["Arn"], sep="\t")
