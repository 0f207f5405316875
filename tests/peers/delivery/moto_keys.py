"""Makes a user of moto with the right to publish, and one without; `moto_keys.py URL`. From then on moto checks signatures."""

import json
import sys
import urllib.request

import boto3

url = sys.argv[1]
common = {"region_name": "ap-northeast-1", "endpoint_url": url, "aws_access_key_id": "a", "aws_secret_access_key": "b"}
iam = boto3.client("iam", **common)
keys = {}
for name in ("sender", "nobody"):
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    keys[name] = [key["AccessKeyId"], key["SecretAccessKey"]]
allowed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sns:Publish", "Resource": "*"}]}
iam.put_user_policy(UserName="sender", PolicyName="publish", PolicyDocument=json.dumps(allowed))
reset = urllib.request.Request(f"{url}/moto-api/reset-auth", b"0", {"Content-Type": "text/plain"}, method="POST")
urllib.request.urlopen(reset, timeout=10).read()
json.dump(keys, sys.stdout)
