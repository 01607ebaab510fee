"""Asks Infor's token endpoint for an access token, as the .ionapi file says. Called by token.py, which keeps it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from connector.errors import ConfigurationError, RemoteUnavailableError
from connector.m3.ionapi import SERVICE_ACCOUNT_REMEDY, Grant, IonApi
from connector.m3.transport import HttpAnswer, NoAnswerError, NotSentError, Transport

READ_TIMEOUT_S = 15.0
_REFUSED = (400, 401)
_OK = 200


class TokenAnswer(BaseModel):
    """What the endpoint gives."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    access_token: str = Field(min_length=1)
    refresh_token: str | None = None
    expires_in: int = Field(default=3600, gt=0)


class SignIn:
    """The token endpoint of one M3 client."""

    def __init__(self, ionapi: IonApi, *, grant: Grant) -> None:
        """Asks nothing yet."""
        self._ionapi = ionapi
        self._grant = grant
        self._transport = Transport(ionapi.token_url, read_timeout_s=READ_TIMEOUT_S)

    def close(self) -> None:
        """Closes the connections."""
        self._transport.close()

    def ask(self, refresh: str | None) -> TokenAnswer:
        """Asks by refresh token if there is one, else, or if that is refused, by the grant.

        Raises:
            ConfigurationError: The credentials are refused, or the endpoint's certificate is not trusted.
            RemoteUnavailableError: The endpoint cannot be reached, or gives no token.
        """
        if refresh:
            answer = self._post({"grant_type": "refresh_token", "refresh_token": refresh})
            if answer.status not in _REFUSED:
                return _read(answer)
        answer = self._post(self._grant_form())
        if answer.status in _REFUSED:
            raise ConfigurationError(
                f"Infor refuses the credentials of the .ionapi file (token endpoint, HTTP {answer.status}).",
                resolution="The secret is wrong, the service account was revoked, or the app is no Backend Service. "
                + (SERVICE_ACCOUNT_REMEDY if self._grant is Grant.PASSWORD else "Download the .ionapi file anew."),
            )
        return _read(answer)

    def _grant_form(self) -> dict[str, str]:
        if self._grant is Grant.CLIENT_CREDENTIALS:
            return {"grant_type": "client_credentials"}
        account, secret = self._ionapi.saak, self._ionapi.sask
        if account is None or secret is None:
            raise ConfigurationError("The .ionapi file has no saak and no sask.", resolution=SERVICE_ACCOUNT_REMEDY)
        return {
            "grant_type": "password",
            "username": account.get_secret_value(),
            "password": secret.get_secret_value(),
        }

    def _post(self, form: dict[str, str]) -> HttpAnswer:
        client = (self._ionapi.ci.get_secret_value(), self._ionapi.cs.get_secret_value())
        try:
            return self._transport.post(form, {"Accept": "application/json"}, auth=client)
        except NotSentError as error:
            if error.is_certificate:
                raise ConfigurationError(
                    "The certificate of Infor's token endpoint is not trusted.",
                    resolution="Check `pu` of the .ionapi file; behind a company proxy, set REQUESTS_CA_BUNDLE.",
                ) from None
            raise _unreachable(str(error)) from None
        except NoAnswerError as error:
            raise _unreachable(str(error)) from None


def _read(answer: HttpAnswer) -> TokenAnswer:
    if answer.status != _OK:
        raise _unreachable(f"HTTP {answer.status}")
    try:
        return TokenAnswer.model_validate_json(answer.body)
    except ValidationError:
        raise _unreachable("the answer cannot be read") from None


def _unreachable(why: str) -> RemoteUnavailableError:
    return RemoteUnavailableError(
        f"Infor's token endpoint gives no token ({why}).",
        resolution="Nothing to do if it passes; else check `pu` and `ot` of the .ionapi file, network and proxy.",
    )
