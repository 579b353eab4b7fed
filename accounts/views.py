"""`/me/`: a person's own pages."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import actions
from accounts.caller import caller
from accounts.forms import AddressForm, ProfileForm, TokenForm
from accounts.models import Address, ApiToken, User
from core.errors import NotFound


def _next(request: HttpRequest, otherwise: str) -> str:
    """Where the reader came from, when that is a page of ours."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if safe else otherwise


@login_required
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    # A copy, so that a refused name does not show up in the header of the same page.
    person = User.objects.get(pk=caller(request).pk)
    form = ProfileForm(request.POST or None, instance=person)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Your profile is saved."))
        return redirect("accounts:profile")
    return render(
        request,
        "accounts/profile.html",
        {"form": form, "address": Address.objects.for_actor(request.user).first()},
    )


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Switch the language for this browser and, when signed in, for the person."""
    response = redirect(_next(request, "/"))
    code = request.POST.get("language", "")
    if translation.check_for_language(code) and code in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, code, max_age=365 * 86_400, samesite="Lax"
        )
        if request.user.is_authenticated:
            User.objects.filter(pk=request.user.pk).update(language=code)
    return response


@login_required
@require_GET
def addresses(request: HttpRequest) -> HttpResponse:
    rows = Address.objects.for_actor(request.user)
    return render(request, "accounts/addresses.html", {"addresses": rows})


@login_required
@require_http_methods(["GET", "POST"])
def edit_address(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Add or change; `?next=` leads back, for instance to the room where one was about to buy."""
    address = Address.objects.fetch(request.user, pk=pk) if pk else None
    initial = {} if address else {"recipient": caller(request).display_name}
    form = AddressForm(request.POST or None, instance=address, initial=initial)
    target = _next(request, "/me/addresses/")
    if request.method == "POST" and form.is_valid():
        actions.save_address(
            user=caller(request),
            address=Address.objects.fetch(request.user, pk=pk) if pk else None,
            fields=form.fields_to_save(),
        )
        messages.success(request, _("The address is saved."))
        return redirect(target)
    context = {"form": form, "address": address, "next": target}
    return render(request, "accounts/address_form.html", context)


@login_required
@require_POST
def default_address(request: HttpRequest, pk: int) -> HttpResponse:
    actions.make_default(user=caller(request), address=Address.objects.fetch(request.user, pk=pk))
    return redirect("accounts:addresses")


@login_required
@require_POST
def delete_address(request: HttpRequest, pk: int) -> HttpResponse:
    actions.delete_address(user=caller(request), address=Address.objects.fetch(request.user, pk=pk))
    messages.success(request, _("The address is deleted."))
    return redirect("accounts:addresses")


@login_required
@require_POST
def follow(request: HttpRequest, username: str) -> HttpResponse:
    """`on` is 1 or 0. Answers 204 to a script, else leads back to `?next=`."""
    anchor = User.objects.filter(username=username, is_active=True).first()
    if anchor is None:
        raise NotFound(_("There is nobody of that name."))
    actions.set_following(
        follower=caller(request), anchor=anchor, on=request.POST.get("on", "1") == "1"
    )
    if not request.accepts("text/html"):
        return HttpResponse(status=204)
    return redirect(_next(request, "/"))


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """List and issue. The secret is in the answer to the POST and nowhere else."""
    form = TokenForm(request.POST or None)
    secret = ""
    if request.method == "POST" and form.is_valid():
        _token, secret = actions.issue_token(user=caller(request), name=form.cleaned_data["name"])
        form = TokenForm()
    rows = ApiToken.objects.for_actor(request.user).order_by("-id")
    context = {"form": form, "tokens": rows, "secret": secret}
    return render(request, "accounts/tokens.html", context)


@login_required
@require_POST
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    actions.revoke_token(token=ApiToken.objects.fetch(request.user, pk=pk))
    messages.success(request, _("The token is revoked."))
    return redirect("accounts:tokens")
